import { callOnce } from "../support/http.ts";
import { newQuestion, send } from "../people/people.ts";
import { employ, newcomer, type Scenario, type Scene } from "../scene.ts";
import { answerRun, claim, questionOf, type WorkerHabits } from "../workers/worker.ts";
import { watchRun } from "../watching/watcher.ts";

const habits: WorkerHabits = { name: "fragile", leaseMs: 1_200, pieces: 2, pauseMs: 0, waitMs: 500 };

/** Workers that vanish when they claim the poison, and answer every other question. */
async function workUntil(scene: Scene, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const [run] = await claim(scene.retrying, habits);
    if (run !== undefined && !questionOf(run).startsWith("poison")) await answerRun(scene.retrying, run, habits);
  }
}

async function poisonOnce(scene: Scene): Promise<void> {
  const [sick, well] = await Promise.all([newcomer(scene), newcomer(scene)]);
  const poison = newQuestion(scene, sick.member, sick.dialogId);
  const run = await send(scene, { ...poison, text: `poison ${poison.text}` });
  if (run === undefined) return;
  let isOver = false;
  const working = [workUntil(scene, () => isOver), workUntil(scene, () => isOver)];
  const healthy = await send(scene, newQuestion(scene, well.member, well.dialogId));
  const watch = (cookie: string, runId: number) => watchRun({ ...scene.retrying, cookie, runId, limitMs: 60_000 });
  const startedAt = performance.now();
  const unharmed = healthy === undefined ? undefined : await watch(well.member.cookie, healthy.run_id);
  if (unharmed?.run.state !== "completed") scene.fault(`F8 the other dialog's run is ${unharmed?.run.state}`);
  const failed = await watch(sick.member.cookie, run.run_id);
  scene.recovered(failed.endedAt - startedAt);
  isOver = true;
  await Promise.all(working);
  const { code } = (failed.run as { error?: { code?: string } }).error ?? {};
  if (failed.run.state !== "failed" || code !== "attempts_spent") scene.fault(`F8 poison: ${failed.run.state} ${code}`);

  const flag = await callOnce<{ content: boolean }>(scene.random.pick(scene.cluster.urls), {
    method: "GET",
    path: `/dialogs/flag/${sick.dialogId}`,
    cookie: sick.member.cookie,
  });
  if (flag.status !== 200 || flag.body.content) scene.fault("F8 the dialog stays busy after its run failed");
  const good = employ(scene, 1);
  const next = await send(scene, newQuestion(scene, sick.member, sick.dialogId));
  const cured = next === undefined ? undefined : await watch(sick.member.cookie, next.run_id);
  await good.stop();
  if (cured?.run.state !== "completed") scene.fault(`F8 the next question in the dialog is ${cured?.run.state}`);
}

export const poison: Scenario = {
  id: "F8",
  name: "poison message",
  run: async (scene) => {
    for (let round = scene.rounds({ full: 3, ci: 1 }); round > 0; round -= 1) await poisonOnce(scene);
  },
};
