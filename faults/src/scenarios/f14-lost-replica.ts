import { setTimeout as delay } from "node:timers/promises";
import { until } from "@deepbot/testing";
import { createDialog, newQuestion, send, signIn } from "../people/people.ts";
import type { Scenario, Scene } from "../scene.ts";
import { countStatements } from "../judging/statements.ts";
import { claim, piecesOf, questionOf, report, type ClaimedRun } from "../workers/worker.ts";
import { watchRun, type Watched } from "../watching/watcher.ts";

/** Each resume reads a session, a run and its deltas. As many statements again are allowed for everything else. */
const statementsPerResume = 6;
const statementsPerSecond = 40;
const resumeLimitMs = 30_000;

/** The longest `retry` that a server sends, and the time to connect. */
const comeBackMs = 3_000;

interface Watch {
  cookie: string;
  runId: number;
}

async function prepareRuns(scene: Scene, count: number): Promise<{ watches: Watch[]; claimed: ClaimedRun[] }> {
  const watches: Watch[] = [];
  const claimed: ClaimedRun[] = [];
  for (let index = 0; index < count; index += 1) {
    const member = await signIn(scene);
    const run = await send(scene, newQuestion(scene, member, await createDialog(scene, member)));
    if (run !== undefined) watches.push({ cookie: member.cookie, runId: run.run_id });
  }
  const habits = { name: "holder", leaseMs: 85_000, pieces: 4, pauseMs: 0, max: 10 };
  while (claimed.length < watches.length) claimed.push(...(await claim(scene.retrying, habits)));
  return { watches, claimed };
}

async function sayPiece(scene: Scene, claimed: readonly ClaimedRun[], seq: number): Promise<void> {
  for (const run of claimed) {
    const body = { seq, text: piecesOf(questionOf(run), 4)[seq - 1], lease_ms: 85_000 };
    await report(scene.retrying, run, { verb: "append", body });
  }
}

/** Starts watchers at replica a, which continue at the others when it is killed. */
function startWatchers(scene: Scene, watches: readonly Watch[], count: number) {
  const [a, b, c] = scene.cluster.replicas;
  const openings = { first: 0, again: 0 };
  const watchers = Array.from({ length: count }, (_, index) => {
    let isFirst = true;
    const { cookie, runId } = watches[index % watches.length] ?? { cookie: "", runId: 0 };
    return watchRun({
      urls: scene.cluster.urls,
      pick: () => (isFirst ? a.url : scene.random.pick([b, c]).url),
      cookie,
      runId,
      limitMs: 80_000,
      onOpen: ({ status }) => {
        if (status !== 200) return;
        if (isFirst) openings.first += 1;
        else openings.again += 1;
        isFirst = false;
      },
    });
  });
  return { openings, all: Promise.all(watchers) };
}

function judge(scene: Scene, all: readonly Watched[]): void {
  for (const { run, faults, text } of all) {
    for (const fault of faults) scene.fault(`I5 ${fault}`);
    if (run.state !== "completed") scene.fault(`F14 run ${run.run_id} is ${run.state}`);
    else if (text !== run.answer?.content) scene.fault(`F14 a watcher of run ${run.run_id} lost a delta`);
  }
}

export const lostReplica: Scenario = {
  id: "F14",
  name: "streams lose their replica at once",
  measures: true,
  run: async (scene) => {
    const count = scene.rounds({ full: 2_000, ci: 500 });
    const { watches, claimed } = await prepareRuns(scene, 20);
    await sayPiece(scene, claimed, 1);
    const { openings, all } = startWatchers(scene, watches, count);
    await until("all streams are open", () => openings.first === count, 40_000);
    await sayPiece(scene, claimed, 2);
    const before = await countStatements(scene.cluster.inspector);
    const killedAt = performance.now();
    await scene.cluster.replicas[0].kill();
    // A watcher that missed nothing may get no event before the next delta.
    await delay(comeBackMs);
    await sayPiece(scene, claimed, 3);
    await until("all streams are back", () => openings.again >= count, resumeLimitMs);
    const tookMs = performance.now() - killedAt;
    scene.recovered(tookMs);
    const statements = (await countStatements(scene.cluster.inspector)) - before;
    scene.note(`${statements} statements for ${count} resumes, ${Math.round(statements / (tookMs / 1000))}/s`);
    const limit = statementsPerResume * count + statementsPerSecond * (tookMs / 1000);
    if (statements > limit) scene.fault(`F14 ${statements} statements, more than ${Math.round(limit)}`);
    await sayPiece(scene, claimed, 4);
    for (const run of claimed) {
      const text = piecesOf(questionOf(run), 4).join("");
      await report(scene.retrying, run, { verb: "complete", body: { text } });
    }
    judge(scene, await all);
  },
};
