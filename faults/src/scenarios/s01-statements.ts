import { setTimeout as delay } from "node:timers/promises";
import { sql } from "@deepbot/db/testing";
import { createDialog, newQuestion, send, signIn } from "../people/people.ts";
import type { Scenario, Scene } from "../scene.ts";
import { openStream } from "../watching/sse.ts";
import { countStatementGroups, type StatementGroup } from "../judging/statements.ts";
import { claim, report, type ClaimedRun } from "../workers/worker.ts";

const steps = [1, 50, 500] as const;
const everyMs = 100;
const atOnce = 12;

/** Shortest time between two of these statements at one server. */
const windowsMs = { insert_deltas: 5, read_deltas: 10, follow_runs: 10 };
/** Ten times as many runs may cost at most this many times as many statements. */
const growthLimit = 2;
/** Below this many a second at each server, polls and single watchers that fell behind outweigh the number of runs. */
const noisePerServer = 5;

interface Streaming {
  run: ClaimedRun;
  cookie: string;
  /** The replica that the worker calls. */
  url: string;
  /** The replica that its watcher calls. */
  watchedAt: string;
  seq: number;
}

interface Measured {
  runs: number;
  sent: number;
  arrived: number;
  perSecond: Record<StatementGroup, number>;
}

/** Claimed runs, spread over all replicas. A run's worker and its watcher use different replicas. */
async function prepareRuns(scene: Scene, count: number): Promise<Streaming[]> {
  const { urls, inspector } = { urls: scene.cluster.urls, inspector: scene.cluster.inspector };
  const members = await Promise.all(Array.from({ length: 10 }, () => signIn(scene)));
  const cookies = new Map<number, string>();
  let asked = 0;
  const ask = async (): Promise<void> => {
    while (asked < count) {
      const member = members[(asked += 1) % members.length];
      if (member === undefined) return;
      const dialogId = await createDialog(scene, member);
      await send(scene, newQuestion(scene, member, dialogId));
      cookies.set(dialogId, member.cookie);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  // The scenario takes longer than the answer deadline.
  await inspector.rows(sql`update runs set deadline_at = now() + interval '1 hour' where ended_at is null`);
  const claimed: ClaimedRun[] = [];
  const habits = { name: "stream", leaseMs: 600_000, pieces: 1, pauseMs: 0, max: 50 };
  while (claimed.length < count) claimed.push(...(await claim(scene.retrying, habits)));
  return claimed.map((run, index) => ({
    run,
    cookie: cookies.get(run.dialog_id) ?? "",
    url: urls[index % urls.length] ?? "",
    watchedAt: urls[(index + 1) % urls.length] ?? "",
    seq: 0,
  }));
}

/** Watches until the run ends. */
async function watch({ run, cookie, watchedAt }: Streaming, onDelta: () => void): Promise<void> {
  const stream = await openStream(watchedAt, { cookie, runId: run.run_id });
  const read = async (): Promise<void> => {
    for await (const { type } of stream.events) if (type === "delta") onDelta();
  };
  void read().catch(() => {});
}

/** Sends a delta every tenth of a second, or as fast as the replies arrive. */
async function speak(scene: Scene, streaming: Streaming, until: number): Promise<void> {
  const link = { urls: [streaming.url], pick: () => streaming.url };
  await delay(scene.random.whole(0, everyMs));
  while (performance.now() < until) {
    const nextAt = performance.now() + everyMs;
    const body = { seq: streaming.seq + 1, text: "a piece ", lease_ms: 600_000 };
    const { status } = await report(link, streaming.run, { verb: "append", body });
    if (status !== 200) return scene.fault(`S1 delta ${body.seq} of run ${streaming.run.run_id} got ${status}`);
    streaming.seq += 1;
    await delay(Math.max(0, nextAt - performance.now()));
  }
}

async function measure(
  scene: Scene,
  streaming: readonly Streaming[],
  { seconds, countArrived }: { seconds: number; countArrived: () => number },
): Promise<Measured> {
  const { inspector } = scene.cluster;
  const countSent = (): number => streaming.reduce((sum, { seq }) => sum + seq, 0);
  const before = { sent: countSent(), arrived: countArrived(), at: performance.now() };
  const statementsBefore = await countStatementGroups(inspector);
  await Promise.all(streaming.map((one) => speak(scene, one, before.at + seconds * 1000)));
  const statements = await countStatementGroups(inspector);
  const took = (performance.now() - before.at) / 1000;
  const rate = (group: StatementGroup): number => (statements[group] - statementsBefore[group]) / took;
  return {
    runs: streaming.length,
    sent: (countSent() - before.sent) / took,
    arrived: (countArrived() - before.arrived) / took,
    perSecond: {
      insert_deltas: rate("insert_deltas"),
      read_deltas: rate("read_deltas"),
      follow_runs: rate("follow_runs"),
      notify: rate("notify"),
      rest: rate("rest"),
    },
  };
}

function tableOf(measured: readonly Measured[]): string {
  const head = [
    "runs",
    "sent/s",
    "arrived/s",
    "insert_deltas/s",
    "read_deltas/s",
    "follow_runs/s",
    "notify/s",
    "rest/s",
  ];
  const rows = measured.map(({ runs, sent, arrived, perSecond }) =>
    [runs, sent, arrived, ...Object.values(perSecond)].map((value) => String(Math.round(value))),
  );
  return [head, ...rows].map((row) => `\n   ${row.map((cell) => cell.padStart(17)).join("")}`).join("");
}

function judge(scene: Scene, measured: readonly Measured[]): void {
  const servers = scene.cluster.replicas.length;
  const [few, many] = measured.slice(-2);
  if (few === undefined || many === undefined) return;
  for (const group of ["insert_deltas", "read_deltas"] as const) {
    // If a statement's text changes, it is counted under `rest`, and its limit would test nothing.
    if (few.perSecond[group] === 0) scene.fault(`S1 no ${group} was counted`);
  }
  for (const group of ["insert_deltas", "read_deltas", "follow_runs"] as const) {
    const rate = many.perSecond[group];
    const limit = (servers * 1000) / windowsMs[group];
    const shown = `${Math.round(rate)} ${group}/s with ${many.runs} runs`;
    if (rate > limit) scene.fault(`S1 ${shown}: the windows allow ${limit}`);
    if (rate > Math.max(few.perSecond[group] * growthLimit, servers * noisePerServer))
      scene.fault(`S1 ${shown}, ${Math.round(few.perSecond[group])} with ${few.runs}`);
  }
}

export const statements: Scenario = {
  id: "S1",
  name: "statements while many runs stream",
  measures: true,
  run: async (scene) => {
    const seconds = scene.rounds({ full: 15, ci: 4 });
    const all = await prepareRuns(scene, Math.max(...steps));
    let arrived = 0;
    let watched = 0;
    const measured: Measured[] = [];
    for (const count of steps) {
      for (; watched < count; watched += atOnce) {
        const next = all.slice(watched, Math.min(count, watched + atOnce));
        await Promise.all(next.map((one) => watch(one, () => (arrived += 1))));
      }
      watched = count;
      measured.push(await measure(scene, all.slice(0, count), { seconds, countArrived: () => arrived }));
    }
    scene.note(tableOf(measured));
    judge(scene, measured);
    const link = scene.retrying;
    await Promise.all(
      all.map(({ run, seq }) => report(link, run, { verb: "complete", body: { text: "a piece ".repeat(seq) } })),
    );
  },
};
