import { until } from "@deepbot/testing";
import { forEachFew } from "../support/for-each-few.ts";
import { createDialog, newQuestion, send, signIn, type Member } from "../people/people.ts";
import { employ, timed, type Scenario, type Scene } from "../scene.ts";

async function askAll(scene: Scene, members: readonly Member[], dialogsEach: number): Promise<void> {
  const places = members.flatMap((member) => Array.from({ length: dialogsEach }, () => member));
  await forEachFew(places, 12, async (member) => {
    const dialogId = await createDialog(scene, member);
    await send(scene, newQuestion(scene, member, dialogId));
  });
}

export const manyWorkers: Scenario = {
  id: "F6",
  name: "8 workers in parallel",
  run: async (scene) => {
    const jobs = scene.rounds({ full: 1_000, ci: 160 });
    const members = await Promise.all(Array.from({ length: 8 }, () => signIn(scene)));
    const claims = new Map<number, number>();
    let done = 0;
    const pool = employ(scene, 8, {
      pieces: 1,
      pauseMs: 0,
      max: 3,
      leaseMs: 60_000,
      onClaim: ({ run_id: runId }) => claims.set(runId, (claims.get(runId) ?? 0) + 1),
      onDone: ({ run_id: runId }, { status }) => {
        if (status === 200) done += 1;
        else scene.fault(`F6 the answer to run ${runId} got ${status}`);
      },
    });
    const wanted = members.length * Math.ceil(jobs / members.length);
    const tookMs = await timed(async () => {
      await askAll(scene, members, Math.ceil(jobs / members.length));
      await until("all jobs are done", () => done >= wanted, 120_000);
    });
    await pool.stop();
    const twice = Array.from(claims).filter(([, count]) => count > 1);
    if (twice.length > 0) scene.fault(`F6 ${twice.length} runs were held twice, such as ${twice[0]?.[0]}`);
    if (done !== wanted) scene.fault(`F6 ${done} answers to ${wanted} questions`);
    scene.note(`${wanted} jobs, ${Math.round(wanted / (tookMs / 1000))}/s`);
  },
};
