import { beforeEach, expect, test } from "vitest";
import type { WorkerChanges, WorkerRow } from "@deepbot/db";
import { createKnownWorkers, type KnownWorkers } from "../../../src/presence/known-workers.ts";

let now: number;
let known: KnownWorkers;
beforeEach(() => {
  now = 100_000;
  known = createKnownWorkers(() => now);
});

const worker = { keyId: "k", name: "w" };
const poll = (change: { name?: string; assistantIds?: number[] | null; fallback?: boolean } = {}) =>
  known.poll({ ...worker, capacity: null, assistantIds: null, fallback: false, ...change });

/** Does what is due. */
function write(held: readonly string[] = []): WorkerChanges | undefined {
  const changes = known.due();
  if (changes === undefined) return undefined;
  const seenAt = String(now);
  const seen = changes.present.map(({ keyId, name }): WorkerRow => ({ outcome: "seen", keyId, name, seenAt }));
  const busy = held.map((name): WorkerRow => ({ outcome: "held", keyId: "k", name, seenAt }));
  known.written(changes, [...seen, ...busy]);
  return changes;
}

test("a worker that comes is written at once, and then every ten seconds while it polls", () => {
  poll();
  expect(write()?.present).toMatchObject([worker]);
  now += 9_999;
  expect(write()).toBeUndefined();
  now += 1;
  expect(write()?.present).toMatchObject([worker]);
});

test("a worker that has left is deleted, as it was written, after two and a half seconds", () => {
  const end = poll();
  write();
  end();
  now += 2_499;
  expect(write()).toBeUndefined();
  now += 1;
  expect(write()).toEqual({ present: [], reportedRunIds: [], left: [{ ...worker, seenAt: "100000" }] });
  expect(write()).toBeUndefined();
});

test("a worker that polls again has not left, and its row is renewed before others would delete it", () => {
  const end = poll();
  write();
  now += 3_000;
  end();
  poll();
  expect(write()?.present).toMatchObject([worker]);
});

test("a worker that left and holds a run is tried again, at once after it reports", () => {
  const end = poll();
  known.gave(worker, 7);
  write();
  end();
  now += 2_500;
  expect(write(["w"])?.left).toHaveLength(1);
  now += 2_500;
  expect(write()).toBeUndefined();
  known.reported(7);
  now += 2_500;
  expect(write()?.left).toHaveLength(1);
});

test("a report on an unknown run is passed on, with the next write", () => {
  known.reported(9);
  expect(write()).toEqual({ present: [], reportedRunIds: [9], left: [] });
  known.reported(9);
  known.reported(10);
  now += 1_999;
  expect(write()).toBeUndefined();
  now += 1;
  expect(write()?.reportedRunIds).toEqual([9, 10]);
});

test("several loops under one name serve together what each asks for, and a change is written at once", () => {
  const end = poll({ assistantIds: [1], fallback: true });
  poll({ assistantIds: [2], fallback: true });
  expect(known.coverages()).toEqual([{ assistantIds: [1, 2], fallback: true }]);
  expect(write()?.present).toMatchObject([{ assistantIds: [1, 2] }]);
  end();
  expect(known.coverages()).toEqual([{ assistantIds: [2], fallback: true }]);
  expect(write()?.present).toMatchObject([{ assistantIds: [2] }]);
});

test("a worker that came and went before it was written leaves no trace", () => {
  poll()();
  now += 2_500;
  expect(write()).toBeUndefined();
  expect(known.coverages()).toEqual([]);
});

test("what is remembered is bounded: the oldest is forgotten", () => {
  for (let n = 0; n < 20_005; n += 1) poll({ name: `w ${n}` });
  expect(known.coverages()).toHaveLength(20_000);
  for (let runId = 0; runId < 20_005; runId += 1) known.reported(runId);
  expect(write()?.reportedRunIds).toHaveLength(20_000);
});
