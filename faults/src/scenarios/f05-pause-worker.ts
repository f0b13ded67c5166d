import { newQuestion, send } from "../people/people.ts";
import { employ, newcomer, type Scenario, type Scene } from "../scene.ts";
import { startWorkerProcess } from "../workers/worker-process.ts";
import { watchRun } from "../watching/watcher.ts";

const leaseMs = 1_500;

async function pauseOnce(scene: Scene): Promise<void> {
  const worker = startWorkerProcess(scene.random.pick(scene.cluster.urls), { name: "sleeper", leaseMs });
  try {
    await worker.printed("ready");
    const { member, dialogId } = await newcomer(scene);
    const run = await send(scene, newQuestion(scene, member, dialogId));
    if (run === undefined) return;
    const watching = watchRun({ ...scene.retrying, cookie: member.cookie, runId: run.run_id, limitMs: 60_000 });
    await worker.printed(scene.random.pick(["claimed", "appended 1", "appended 2"]));
    worker.signal("SIGSTOP");
    const pausedAt = performance.now();
    const good = employ(scene, 1);
    const watched = await watching;
    await good.stop();
    scene.recovered(watched.endedAt - pausedAt);
    for (const fault of watched.faults) scene.fault(`I5 ${fault}`);
    worker.signal("SIGCONT");
    const verdict = await worker.printed("completed");
    if (!verdict.startsWith("completed 409 lease_taken")) scene.fault(`F5 the paused worker was told "${verdict}"`);
  } finally {
    worker.signal("SIGCONT");
    await worker.kill();
  }
}

export const pauseWorker: Scenario = {
  id: "F5",
  name: "paused worker",
  run: async (scene) => {
    for (let round = scene.rounds({ full: 20, ci: 3 }); round > 0; round -= 1) await pauseOnce(scene);
  },
};
