import { newQuestion, send } from "../people.ts";
import { employ, newcomer, type Scenario, type Scene } from "../scene.ts";
import { startWorkerProcess } from "../worker-process.ts";
import { watchRun } from "../watcher.ts";

const leaseMs = 2_000;
const limitMs = 15_000;
const moments = ["claimed", "said 2", "completing"];

async function killOnce(scene: Scene, moment: string): Promise<void> {
  const worker = startWorkerProcess(scene.random.pick(scene.cluster.urls), "doomed", leaseMs);
  try {
    await worker.sees("ready");
    const { member, dialogId } = await newcomer(scene);
    const run = await send(scene, newQuestion(scene, member, dialogId));
    if (run === undefined) return;
    const watching = watchRun({ ...scene.retrying, cookie: member.cookie, runId: run.run_id, limitMs: 60_000 });
    await worker.sees(moment);
    await worker.kill();
    const killedAt = performance.now();
    const good = employ(scene, 1);
    const watched = await watching;
    await good.stop();
    scene.recovered(watched.endedAt - killedAt);
    for (const fault of watched.faults) scene.fault(`I5 ${fault}`);
    if (watched.run.state !== "completed") scene.fault(`F4 killed when it had ${moment}: run ${watched.run.state}`);
    if (watched.endedAt - killedAt > limitMs) scene.fault(`F4 killed when it had ${moment}: answered too late`);
  } finally {
    await worker.kill();
  }
}

export const killWorker: Scenario = {
  id: "F4",
  name: "worker killed at work",
  run: async (scene) => {
    for (let round = scene.rounds({ full: 10, ci: 2 }); round > 0; round -= 1) {
      for (const moment of moments) await killOnce(scene, moment);
    }
  },
};
