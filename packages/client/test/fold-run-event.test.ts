import type { RunEvent } from "@deepbot/contract";
import { expect, test } from "vitest";
import { foldRunEvent, type LiveRun } from "../src/index.ts";

type Progress = Exclude<RunEvent, { type: "end" }>;

const snapshot = (seq: number, text: string): Progress => ({
  type: "snapshot",
  state: "running",
  attempt: 1,
  seq,
  text,
});
const delta = (seq: number, text: string): Progress => ({ type: "delta", seq, text });
const reset = (attempt: number): Progress => ({ type: "reset", attempt });

function fold(...events: Progress[]): LiveRun | null {
  return events.reduce<LiveRun | null>(foldRunEvent, null);
}

test("deltas are appended to the snapshot", () => {
  expect(fold(snapshot(0, ""), delta(1, "Hel"), delta(2, "lo"))).toEqual({
    state: "running",
    attempt: 1,
    seq: 2,
    text: "Hello",
    waiting: null,
    isTorn: false,
  });
});

test("a repeated delta does not double the text", () => {
  const live = fold(snapshot(2, "Hello"), delta(1, "Hel"), delta(2, "lo"), delta(3, "!"), delta(3, "!"));
  expect(live).toMatchObject({ text: "Hello!", seq: 3, isTorn: false });
});

test("a fresh snapshot replaces the text", () => {
  expect(fold(snapshot(2, "Hello"), snapshot(5, "Hello, Ann"))).toMatchObject({ text: "Hello, Ann", seq: 5 });
});

test("a reset clears the text for the next attempt", () => {
  const live = fold(snapshot(2, "Hello"), reset(2), delta(1, "Good day"));
  expect(live).toMatchObject({ text: "Good day", attempt: 2, seq: 1 });
});

test("a gap tears the text until the next snapshot", () => {
  const torn = fold(snapshot(1, "Hel"), delta(3, "!"), delta(4, "?"));
  expect(torn).toMatchObject({ text: "Hel", isTorn: true });
  expect(foldRunEvent(torn, snapshot(4, "Hello!?"))).toMatchObject({ text: "Hello!?", isTorn: false });
});

test("a delta without a snapshot before it tears the text", () => {
  expect(fold(delta(4, "lo"))).toMatchObject({ text: "", isTorn: true });
});

test("a queued run is running once a worker claims it", () => {
  const queued: Progress = { type: "snapshot", state: "queued", attempt: 0, seq: 0, text: "" };
  expect(fold(queued)?.state).toBe("queued");
  expect(fold(queued, reset(1))?.state).toBe("running");
});

test("a queued run knows its place until a worker claims it", () => {
  const queued: Progress = { type: "snapshot", state: "queued", attempt: 0, seq: 0, text: "" };
  const waiting: Progress = { type: "waiting", online: false, position: 3 };
  expect(fold(queued, waiting)).toMatchObject({
    state: "queued",
    waiting: { online: false, position: 3 },
    isTorn: false,
  });
  expect(fold(queued, waiting, reset(1))).toMatchObject({ state: "running", waiting: null });
  expect(fold(snapshot(2, "Hello"), waiting)).toMatchObject({ state: "queued", text: "Hello" });
});

test("an event of a later version changes nothing", () => {
  const unknown = { type: "applause" } as unknown as Progress;
  expect(fold(snapshot(2, "Hello"), unknown, delta(3, "!"))).toMatchObject({ text: "Hello!", isTorn: false });
});
