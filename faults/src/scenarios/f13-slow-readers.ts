import { setTimeout as delay } from "node:timers/promises";
import { limits } from "@deepbot/contract";
import { until } from "@deepbot/testing";
import { callOnce } from "../support/http.ts";
import { residentMiB, slopeOf } from "../judging/memory.ts";
import { newQuestion, send } from "../people/people.ts";
import { newcomer, timed, type Scenario, type Scene } from "../scene.ts";
import { openStream, type OpenStream } from "../watching/sse.ts";
import { claim, report, type ClaimedRun } from "../workers/worker.ts";
import { applyEvent, createView, watchRun, type Watched } from "../watching/watcher.ts";

/** All readers share the waiting events. Each reader also holds the one event that is being written, at most a snapshot. */
const growthLimitMiB = (readers: number): number => 60 + readers / 4;
/** Memory must stop growing once all buffers are full. */
const driftLimitMiB = 25;
const otherLimitMs = 3_000;
/** Nearly all that one lease may stream, in characters of four bytes. A number stands before each delta. */
const piecesPerLease = 2;
const pieceLength = limits.answerMaxBytes / piecesPerLease / 4 - 192;
/** Together they stream 15 MB. The socket buffers of a connection hold less than two thirds of that. */
const leases = 240;
/** Longer than the flood and the checks after it. */
const deadlineMs = 600_000;
/** Longer than the servers' limit for a stalled reader and the time between two checks. */
const stallLimitMs = 40_000;
const readLimitMs = 30_000;
const drainLimitMs = 20_000;
const returning = 5;

const pieceOf = (lease: number, seq: number): string => `${lease}.${seq}:${"😀".repeat(pieceLength)}`;
const textOf = (lease: number): string =>
  Array.from({ length: piecesPerLease }, (_, index) => pieceOf(lease, index + 1)).join("");
const lastText = textOf(leases);

/** Whether a text is the beginning of what some lease streamed. */
const isStreamed = (text: string): boolean => text === "" || textOf(Number.parseInt(text, 10)).startsWith(text);

interface Stage {
  runId: number;
  cookie: string;
}

async function openMany(count: number, open: () => Promise<OpenStream>): Promise<OpenStream[]> {
  const streams: OpenStream[] = [];
  while (streams.length < count) {
    streams.push(...(await Promise.all(Array.from({ length: Math.min(25, count - streams.length) }, open))));
  }
  // A paused response reads nothing from its socket.
  for (const { response } of streams) response.pause();
  return streams;
}

/** Claims the run and streams as much as one lease may. Each new claim starts readers over. */
async function streamLease(scene: Scene, { runId }: Stage, lease: number): Promise<ClaimedRun> {
  const [, b] = scene.cluster.replicas;
  const link = { urls: [b.url], pick: () => b.url };
  const [run] = await claim(link, { name: "flood", leaseMs: 60_000, pieces: piecesPerLease, pauseMs: 0 });
  if (run?.run_id !== runId) throw new Error(`Claim ${lease} did not give the run.`);
  for (let seq = 1; seq <= piecesPerLease; seq += 1) {
    const reply = await report(link, run, { verb: "append", body: { seq, text: pieceOf(lease, seq) } });
    if (reply.status !== 200) scene.fault(`F13 delta ${seq} of lease ${lease} got ${reply.status}`);
  }
  return run;
}

interface Flood {
  run: ClaimedRun;
  samples: number[];
  worstMs: number;
}

/** Streams much more than socket buffers hold, lease by lease, and measures the replica that sends it. */
async function flood(scene: Scene, stage: Stage): Promise<Flood> {
  const [a] = scene.cluster.replicas;
  const { cookie } = stage;
  const samples: number[] = [];
  let worstMs = 0;
  for (let lease = 1; ; lease += 1) {
    const run = await streamLease(scene, stage, lease);
    if (lease % 10 === 0) {
      worstMs = Math.max(worstMs, await timed(() => callOnce(a.url, { method: "GET", path: "/me", cookie })));
      samples.push(await residentMiB(a.pid()));
    }
    if (lease === leases) return { run, samples, worstMs };
    const released = await report(scene.retrying, run, { verb: "release", body: {} });
    if (released.status !== 200) scene.fault(`F13 release ${lease} got ${released.status}`);
  }
}

function judgeMemory(
  scene: Scene,
  { before, samples, readers }: { before: number; samples: readonly number[]; readers: number },
): void {
  const peak = Math.max(...samples);
  const full = samples.slice(Math.floor((samples.length * 2) / 3));
  const drift = slopeOf(full) * full.length;
  const shown = [before, peak, samples.at(-1) ?? 0].map(Math.round).join(" -> ");
  scene.note(`memory before, peak, after: ${shown} MiB, ${drift.toFixed(1)} MiB over the last third`);
  if (peak - before > growthLimitMiB(readers)) scene.fault(`I8 memory grew by ${Math.round(peak - before)} MiB`);
  if (drift > driftLimitMiB) scene.fault(`I8 memory still grew by ${Math.round(drift)} MiB when all buffers were full`);
}

/** Waits longer than the servers do for a stalled reader. Then every stalled connection must be closed. */
async function expectCutOff(scene: Scene, streams: readonly OpenStream[]): Promise<void> {
  await delay(stallLimitMs);
  // Readers get the contents of their socket buffers first, then the end of the connection.
  for (const { response } of streams) response.resume();
  const countOpen = (): number => streams.filter(({ response }) => !response.closed).length;
  await until("all stalled readers are disconnected", () => countOpen() === 0, drainLimitMs).catch(() => {});
  scene.note(`${streams.length - countOpen()} of ${streams.length} disconnected`);
  if (countOpen() > 0) scene.fault(`F13 ${countOpen()} stalled readers were not disconnected`);
}

/** Resumes reading: first the contents of the socket buffers, then a fresh snapshot. @returns the number of snapshots */
async function readAll(scene: Scene, { runId }: Stage, stream: OpenStream): Promise<number> {
  const view = createView();
  let snapshots = 0;
  const late = AbortSignal.timeout(readLimitMs);
  late.addEventListener("abort", stream.drop);
  try {
    for await (const event of stream.events) {
      applyEvent(view, runId, event);
      if (!isStreamed(view.text)) scene.fault(`F13 a reader that resumed has a text that no lease streamed`);
      if (event.type === "snapshot") snapshots += 1;
      if (view.text === lastText) break;
    }
  } catch {
    // The scenario dropped the stream. The text shows how far it got.
  }
  for (const fault of view.faults) scene.fault(`F13 a reader that resumed: ${fault}`);
  if (view.text !== lastText) scene.fault(`F13 a reader that resumed got no further than ${view.lastEventId}`);
  return snapshots;
}

async function expectAnew(scene: Scene, stage: Stage, streams: readonly OpenStream[]): Promise<void> {
  const snapshots = await Promise.all(streams.map((stream) => readAll(scene, stage, stream)));
  const anew = snapshots.filter((count) => count > 1).length;
  scene.note(`${anew} of ${streams.length} that resumed got a fresh snapshot`);
  if (anew < streams.length) scene.fault("F13 a server kept everything for a reader that did not read");
}

async function setStage(scene: Scene): Promise<Stage> {
  await Promise.all(
    scene.cluster.replicas.map(async (replica) => {
      await replica.stop();
      await replica.start({ ANSWER_DEADLINE_MS: String(deadlineMs) });
    }),
  );
  const { member, dialogId } = await newcomer(scene);
  const run = await send(scene, newQuestion(scene, member, dialogId));
  if (run === undefined) throw new Error("The question was not taken.");
  return { runId: run.run_id, cookie: member.cookie };
}

function judgeReader(scene: Scene, { run, faults }: Watched): void {
  for (const fault of faults) scene.fault(`F13 the reader that kept up: ${fault}`);
  if (run.answer?.content !== lastText) scene.fault(`F13 the run is ${run.state}, without its answer`);
}

async function floodReaders(scene: Scene): Promise<void> {
  const readers = scene.rounds({ full: 200, ci: 60 });
  const stage = await setStage(scene);
  const [a] = scene.cluster.replicas;
  const before = await residentMiB(a.pid());
  const streams = await openMany(readers, () => openStream(a.url, stage));
  const reader = watchRun({ urls: [a.url], pick: () => a.url, ...stage, limitMs: deadlineMs });
  const { run: last, samples, worstMs } = await flood(scene, stage);
  judgeMemory(scene, { before, samples, readers });
  scene.note(`others waited ${Math.round(worstMs)} ms at most`);
  if (worstMs > otherLimitMs) scene.fault(`F13 another person waited ${Math.round(worstMs)} ms`);
  await expectAnew(scene, stage, streams.slice(0, returning));
  if (scene.isFull) await expectCutOff(scene, streams.slice(returning));
  for (const stream of streams) stream.drop();
  await report(scene.retrying, last, { verb: "complete", body: { text: lastText } });
  judgeReader(scene, await reader);
}

export const slowReaders: Scenario = {
  id: "F13",
  name: "readers that never read",
  measures: true,
  run: async (scene) => {
    try {
      await floodReaders(scene);
    } finally {
      for (const replica of scene.cluster.replicas) await replica.stop();
    }
  },
};
