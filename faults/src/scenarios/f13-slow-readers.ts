import { setTimeout as delay } from "node:timers/promises";
import { residentMiB } from "../memory.ts";
import { newQuestion, send } from "../people.ts";
import { newcomer, timed, type Scenario, type Scene } from "../scene.ts";
import { openStream, type OpenStream } from "../sse.ts";
import { claim, report, type ClaimedRun } from "../worker.ts";
import { watchRun } from "../watcher.ts";

const growthLimitMiB = 350;
const pieceLength = 8_000;
const answerLimit = 64 * 1024;
const stallLimitMs = 40_000;

async function openMany(count: number, open: () => Promise<OpenStream>): Promise<OpenStream[]> {
  const streams: OpenStream[] = [];
  while (streams.length < count) {
    streams.push(...(await Promise.all(Array.from({ length: Math.min(25, count - streams.length) }, open))));
  }
  // A response whose events nobody takes is never read.
  for (const { response } of streams) response.pause();
  return streams;
}

/** Says much more than sockets hold; gives the most memory that the replica took meanwhile. */
async function flood(scene: Scene, run: ClaimedRun, pieces: number): Promise<number> {
  const { url, pid } = { url: scene.cluster.replicas[1].url, pid: scene.cluster.replicas[0].pid() };
  let peak = 0;
  for (let seq = 1; seq <= pieces; seq += 1) {
    const body = { seq, text: "x".repeat(pieceLength), lease_ms: 60_000 };
    const said = await report({ urls: [url], pick: () => url }, run, { verb: "append", body });
    if (said.status !== 200) scene.fault(`F13 piece ${seq} got ${said.status}`);
    peak = Math.max(peak, await residentMiB(pid));
    await delay(15);
  }
  return peak;
}

async function expectCutOff(scene: Scene, streams: readonly OpenStream[]): Promise<void> {
  await delay(stallLimitMs);
  const left = streams.filter(({ response }) => {
    response.resume();
    return !response.destroyed;
  });
  await delay(2_000);
  const open = left.filter(({ response }) => !response.destroyed).length;
  scene.note(`${streams.length - open} of ${streams.length} cut off`);
  if (open > streams.length / 10) scene.fault(`F13 ${open} stalled readers were not cut off`);
}

export const slowReaders: Scenario = {
  id: "F13",
  name: "readers that never read",
  run: async (scene) => {
    const count = scene.rounds({ full: 200, ci: 60 });
    const [a] = scene.cluster.replicas;
    const { member, dialogId } = await newcomer(scene);
    const run = await send(scene, newQuestion(scene, member, dialogId));
    const [claimed] = await claim(scene.retrying, {
      name: "flood",
      leaseMs: 60_000,
      pieces: 1,
      pauseMs: 0,
      waitMs: 8_000,
    });
    if (run === undefined || claimed?.run_id !== run.run_id) throw new Error("The run was not given to the worker.");
    const before = await residentMiB(a.pid());
    const { cookie } = member;
    const streams = await openMany(count, () => openStream(a.url, { cookie, runId: run.run_id }));
    const reader = watchRun({ urls: [a.url], pick: () => a.url, cookie, runId: run.run_id, limitMs: 120_000 });
    const peak = await flood(scene, claimed, scene.isFull ? 600 : 500);
    const tookMs = await timed(() => newcomer({ ...scene, retrying: { urls: [a.url], pick: () => a.url } }));
    if (tookMs > 5_000) scene.fault(`F13 the replica took ${Math.round(tookMs)} ms for somebody else`);
    scene.note(`memory ${Math.round(before)} -> ${Math.round(peak)} MiB`);
    if (peak - before > growthLimitMiB) scene.fault(`F13 memory grew by ${Math.round(peak - before)} MiB`);
    if (scene.isFull) await expectCutOff(scene, streams);
    const text = "x".repeat(answerLimit);
    await report(scene.retrying, claimed, { verb: "complete", body: { text } });
    const watched = await reader;
    // What was said is longer than an answer may be: the text of the stream is not compared here.
    if (watched.run.state !== "completed" || watched.run.answer?.content !== text) {
      scene.fault("F13 the one who reads did not get the answer");
    }
    for (const stream of streams) stream.drop();
  },
};
