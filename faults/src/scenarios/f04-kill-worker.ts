import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { newQuestion, send } from "../people/people.ts";
import { employ, newcomer, type Scenario, type Scene } from "../scene.ts";
import { startTcpProxy, type TcpProxy } from "../cluster/tcp-proxy.ts";
import { startWorkerProcess, type WorkerProcess } from "../workers/worker-process.ts";
import { watchRun } from "../watching/watcher.ts";

const leaseMs = 2_000;
const limitMs = 15_000;

/** What a scenario needs to wait for the moment of the kill. */
interface Doomed {
  scene: Scene;
  worker: WorkerProcess;
  runId: number;
  /** Between the worker and its replica. */
  link: TcpProxy;
}

async function stateOf({
  scene,
  runId,
}: Doomed): Promise<{ state: string; attempt: number; answers: string } | undefined> {
  const [row] = await scene.cluster.inspector.rows<{ state: string; attempt: number; answers: string }>(sql`
    select state, attempt, (
      select count(*) from messages where messages.dialog_id = runs.dialog_id and user_id = 1
    ) as answers
    from runs where run_id = ${runId}`);
  return row;
}

const saw =
  (word: string) =>
  async ({ worker }: Doomed): Promise<void> => {
    await worker.printed(word);
  };

/** Waits until the answer is stored, while the reply to the worker is held. */
async function sawNoReply(doomed: Doomed): Promise<void> {
  const { scene, worker, link } = doomed;
  await worker.printed("appended 3");
  link.set({ hold: "down" });
  await until("the answer is stored", async () => (await stateOf(doomed))?.state === "completed");
  if (worker.output().includes("completed")) scene.fault("F4 the held reply arrived");
}

const moments: Record<string, (doomed: Doomed) => Promise<void>> = {
  claimed: saw("claimed"),
  "appended 2": saw("appended 2"),
  completing: saw("completing"),
  "completed without knowing": sawNoReply,
};

async function killOnce(scene: Scene, moment: string): Promise<void> {
  const link = await startTcpProxy(scene.random.pick(scene.cluster.replicas).port);
  const worker = startWorkerProcess(`http://127.0.0.1:${link.port}`, { name: "doomed", leaseMs });
  try {
    await worker.printed("ready");
    const { member, dialogId } = await newcomer(scene);
    const run = await send(scene, newQuestion(scene, member, dialogId));
    if (run === undefined) return;
    const doomed = { scene, worker, runId: run.run_id, link };
    const watching = watchRun({ ...scene.retrying, cookie: member.cookie, runId: run.run_id, limitMs: 60_000 });
    await moments[moment]?.(doomed);
    await worker.kill();
    const killedAt = performance.now();
    const good = employ(scene, 1);
    const watched = await watching;
    await good.stop();
    scene.recovered(Math.max(0, watched.endedAt - killedAt));
    for (const fault of watched.faults) scene.fault(`I5 ${fault}`);
    const stored = await stateOf(doomed);
    const isOnce = stored?.state === "completed" && Number(stored.answers) === 1;
    if (!isOnce) scene.fault(`F4 killed when it had ${moment}: ${JSON.stringify(stored)}`);
    const attempts = moment === "completed without knowing" ? 1 : 2;
    if (moment !== "completing" && stored?.attempt !== attempts) {
      scene.fault(`F4 killed when it had ${moment}: ${stored?.attempt} attempts`);
    }
    if (watched.endedAt - killedAt > limitMs) scene.fault(`F4 killed when it had ${moment}: answered too late`);
  } finally {
    await worker.kill();
    await link.close();
  }
}

export const killWorker: Scenario = {
  id: "F4",
  name: "worker killed at work",
  run: async (scene) => {
    for (let round = scene.rounds({ full: 10, ci: 2 }); round > 0; round -= 1) {
      for (const moment of Object.keys(moments)) await killOnce(scene, moment);
    }
  },
};
