import type { RunEvent, WireRun } from "@deepbot/contract";
import { expect, onTestFinished, test, vi } from "vitest";
import { subscribeRun, type Client, type LiveRun } from "../src/index.ts";
import { createNodeClient } from "../src/node/index.ts";
import { startStreamServer, type StreamScript, type StreamServer } from "./support/stream-server.ts";

const run = (state: WireRun["state"]): WireRun => ({
  run_id: 7,
  dialog_id: 3,
  question_id: 1,
  state,
  attempt: 1,
  created_at: "2026-01-01T00:00:00Z",
  deadline_at: "2026-01-01T00:05:00Z",
  ended_at: null,
  cancel_requested: false,
  text: null,
  answer: null,
  usage: null,
  error: null,
});

const snapshot = (seq: number, text: string): RunEvent => ({
  type: "snapshot",
  state: "running",
  attempt: 1,
  seq,
  text,
});
const delta = (seq: number, text: string): RunEvent => ({ type: "delta", seq, text });
const end: RunEvent = { type: "end", run: run("completed") };

const found = (state: WireRun["state"]) => () => ({ result: { data: run(state) } });
const refused = (code: string, status: number) => () => ({
  error: { message: code, code: -32004, data: { code, httpStatus: status } },
});

interface Followed {
  server: StreamServer;
  progress: LiveRun[];
  ended: Promise<WireRun>;
  abort: (reason: Error) => void;
}

async function follow(streams: StreamScript[], find: () => object = found("running")): Promise<Followed> {
  const server = await startStreamServer({ streams, run: find });
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const client = createNodeClient({ url: server.url, signal: controller.signal });
  await client.runs.cancel.mutate({ run_id: 7 });
  const progress: LiveRun[] = [];
  const onProgress = (live: LiveRun): void => void progress.push(live);
  const ended = subscribeRun(client, { runId: 7, onProgress, signal: controller.signal });
  return { server, progress, ended, abort: (reason) => controller.abort(reason) };
}

test("folds the events and resolves with the ended run", async () => {
  const { ended, progress } = await follow([{ events: [snapshot(0, ""), delta(1, "Hel"), delta(2, "lo"), end] }]);
  expect(await ended).toEqual(run("completed"));
  expect(progress.map(({ text }) => text)).toEqual(["", "Hel", "Hello"]);
});

test("sends the session's cookie with calls and streams", async () => {
  const { ended, server } = await follow([{ events: [end] }]);
  await ended;
  expect(server.requests.map(({ path, cookie }) => [path, cookie])).toEqual([
    ["/trpc/runs.cancel", ""],
    ["/trpc/runs.watch", "access_token=abc"],
  ]);
});

test("resumes a broken stream after the last event and keeps the text", async () => {
  const { ended, progress, server } = await follow([
    { events: [snapshot(0, ""), delta(1, "Hel")], breaks: true },
    { events: [delta(2, "lo"), end] },
  ]);
  await ended;
  expect(progress.at(-1)?.text).toBe("Hello");
  const streams = server.requests.filter(({ path }) => path === "/trpc/runs.watch");
  expect(streams.map(({ lastEventId }) => lastEventId)).toEqual(["", "1-1"]);
});

test("asks for a fresh snapshot after a gap and never shows text with a hole", async () => {
  const { ended, progress, server } = await follow([
    { events: [snapshot(0, ""), delta(2, "lo")] },
    { events: [snapshot(2, "Hello"), end] },
  ]);
  await ended;
  expect(progress.map(({ text }) => text)).toEqual(["", "Hello"]);
  expect(server.requests.map(({ lastEventId }) => lastEventId)).toEqual(["", "", "", ""]);
});

test("resolves with the run when it ended while the stream was refused", async () => {
  const { ended } = await follow([{ status: 503 }], found("failed"));
  expect(await ended).toMatchObject({ state: "failed" });
});

test("opens the stream again after it was refused, while the run is open", async () => {
  const { ended } = await follow([{ status: 503 }, { events: [end] }]);
  expect(await ended).toMatchObject({ state: "completed" });
});

test("rejects when the platform refuses, with its error", async () => {
  const { ended } = await follow([{ status: 404 }], refused("run_not_found", 404));
  await expect(ended).rejects.toMatchObject({ data: { code: "run_not_found" } });
});

test("rejects with the reason of the abort", async () => {
  const { ended, abort } = await follow([{ events: [snapshot(0, "")] }]);
  abort(new Error("enough"));
  await expect(ended).rejects.toThrow("enough");
});

test("a stream that brought something is followed by the next one soon, however many have broken", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let streams = 0;
  const subscribe = (_input: object, on: { onData: (item: object) => void; onComplete: () => void }): object => {
    streams += 1;
    queueMicrotask(() => {
      on.onData({ data: snapshot(0, "") });
      on.onComplete();
    });
    return { unsubscribe: () => {} };
  };
  const runs = { watch: { subscribe }, get: { query: async () => run("running") } };
  const controller = new AbortController();
  const ended = subscribeRun({ runs } as unknown as Client, {
    runId: 7,
    onProgress: () => {},
    signal: controller.signal,
  });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(streams).toBeGreaterThanOrEqual(10);
  controller.abort(new Error("enough"));
  await expect(ended).rejects.toThrow("enough");
});
