import { setTimeout as delay } from "node:timers/promises";
import { callOnce } from "../http.ts";
import { residentMiB, slopeOf } from "../memory.ts";
import { newQuestion, send, type Member } from "../people.ts";
import { newcomer, timed, type Scenario, type Scene } from "../scene.ts";
import { openStream, type OpenStream } from "../sse.ts";
import { claim, report, type ClaimedRun } from "../worker.ts";
import { applyEvent, createView, watchRun } from "../watcher.ts";

/** A reader holds a megabyte of news at most, which it shares with others, and one event that is being written. */
const growthLimitMiB = (readers: number): number => 60 + readers;
/** Once all buffers are full, nothing more is kept. */
const driftLimitMiB = 40;
const otherLimitMs = 3_000;
/** Of characters with four bytes each. All pieces are 12 MB: more than the sockets of a connection hold. */
const pieceLength = 8_000;
const pieces = 400;
/** Longer than the servers' limit and the time between two of their checks. */
const stallLimitMs = 40_000;
const returning = 5;

const pieceOf = (seq: number): string => `${seq}:${"😀".repeat(pieceLength)}`;
const wholeText = Array.from({ length: pieces }, (_, index) => pieceOf(index + 1)).join("");

async function openMany(count: number, open: () => Promise<OpenStream>): Promise<OpenStream[]> {
  const streams: OpenStream[] = [];
  while (streams.length < count) {
    streams.push(...(await Promise.all(Array.from({ length: Math.min(25, count - streams.length) }, open))));
  }
  // A response whose events nobody takes is never read.
  for (const { response } of streams) response.pause();
  return streams;
}

/** Says much more than sockets hold, and looks at the replica that streams it. */
async function flood(
  scene: Scene,
  run: ClaimedRun,
  { cookie }: Member,
): Promise<{ samples: number[]; worstMs: number }> {
  const [a, b] = scene.cluster.replicas;
  const samples: number[] = [];
  let worstMs = 0;
  for (let seq = 1; seq <= pieces; seq += 1) {
    const body = { seq, text: pieceOf(seq), lease_ms: 60_000 };
    const said = await report({ urls: [b.url], pick: () => b.url }, run, { verb: "append", body });
    if (said.status !== 200) scene.fault(`F13 piece ${seq} got ${said.status}`);
    if (seq % 20 !== 0) continue;
    worstMs = Math.max(worstMs, await timed(() => callOnce(a.url, { method: "GET", path: "/me", cookie })));
    samples.push(await residentMiB(a.pid()));
  }
  return { samples, worstMs };
}

function judgeMemory(
  scene: Scene,
  { before, samples, readers }: { before: number; samples: readonly number[]; readers: number },
): void {
  const peak = Math.max(...samples);
  const full = samples.slice(Math.floor(samples.length / 2));
  const drift = slopeOf(full) * full.length;
  const shown = [before, peak, samples.at(-1) ?? 0].map(Math.round).join(" -> ");
  scene.note(`memory before, peak, after: ${shown} MiB, ${drift.toFixed(1)} MiB over the second half`);
  if (peak - before > growthLimitMiB(readers)) scene.fault(`I8 memory grew by ${Math.round(peak - before)} MiB`);
  if (drift > driftLimitMiB) scene.fault(`I8 memory still grew by ${Math.round(drift)} MiB when all buffers were full`);
}

/** Waits beyond the servers' patience; then the connections of those who took nothing are gone. */
async function expectCutOff(scene: Scene, streams: readonly OpenStream[]): Promise<void> {
  await delay(stallLimitMs);
  const closed = streams.map(({ response }) => new Promise((resolve) => response.once("close", resolve)));
  // What the sockets hold comes first, then their end.
  for (const { response } of streams) response.resume();
  const isClosed = await Promise.race([Promise.all(closed), delay(5_000, undefined, { ref: false })]);
  const open = streams.filter(({ response }) => !response.closed).length;
  scene.note(`${streams.length - open} of ${streams.length} cut off`);
  if (isClosed === undefined) scene.fault(`F13 ${open} stalled readers were not cut off`);
}

/** Somebody reads at last: what the sockets held, then everything anew. @returns how many snapshots came */
async function readAll(scene: Scene, runId: number, stream: OpenStream): Promise<number> {
  const view = createView();
  let snapshots = 0;
  for await (const event of stream.events) {
    applyEvent(view, runId, event);
    if (event.type === "snapshot") snapshots += 1;
    if (view.seq === pieces) break;
  }
  for (const fault of view.faults) scene.fault(`F13 one who reads again: ${fault}`);
  if (view.text !== wholeText) scene.fault(`F13 one who reads again has ${view.text.length} characters`);
  return snapshots;
}

async function expectAnew(scene: Scene, runId: number, streams: readonly OpenStream[]): Promise<void> {
  const snapshots = await Promise.all(streams.map((stream) => readAll(scene, runId, stream)));
  const anew = snapshots.filter((count) => count > 1).length;
  scene.note(`${anew} of ${streams.length} who read again were given a fresh snapshot`);
  if (anew < streams.length) scene.fault("F13 all was kept for one who did not read");
}

async function takeRun(scene: Scene): Promise<{ member: Member; run: ClaimedRun }> {
  const { member, dialogId } = await newcomer(scene);
  await send(scene, newQuestion(scene, member, dialogId));
  const habits = { name: "flood", leaseMs: 120_000, pieces: 1, pauseMs: 0, waitMs: 8_000 };
  const [run] = await claim(scene.retrying, habits);
  if (run?.dialog_id !== dialogId) throw new Error("The run was not given to the worker.");
  return { member, run };
}

export const slowReaders: Scenario = {
  id: "F13",
  name: "readers that never read",
  run: async (scene) => {
    const count = scene.rounds({ full: 200, ci: 60 });
    const [a] = scene.cluster.replicas;
    const { member, run } = await takeRun(scene);
    const { cookie } = member;
    const open = (): Promise<OpenStream> => openStream(a.url, { cookie, runId: run.run_id });
    const before = await residentMiB(a.pid());
    const streams = await openMany(count, open);
    const reader = watchRun({ urls: [a.url], pick: () => a.url, cookie, runId: run.run_id, limitMs: 120_000 });
    const { samples, worstMs } = await flood(scene, run, member);
    judgeMemory(scene, { before, samples, readers: count });
    scene.note(`others waited ${Math.round(worstMs)} ms at most`);
    if (worstMs > otherLimitMs) scene.fault(`F13 somebody else waited ${Math.round(worstMs)} ms`);
    if (scene.isFull) await expectCutOff(scene, streams);
    else await expectAnew(scene, run.run_id, streams.slice(0, returning));
    for (const stream of streams) stream.drop();
    await report(scene.retrying, run, { verb: "complete", body: { text: "the end" } });
    const watched = await reader;
    // What was said is longer than an answer may be, so that it is another text.
    if (watched.text !== wholeText || watched.run.answer?.content !== "the end") {
      scene.fault(`F13 the one who reads got ${watched.text.length} characters, and ${watched.run.state}`);
    }
  },
};
