import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createClaim } from "../src/worker/claim.ts";
import { holdLease } from "../src/worker/lease.ts";
import { createFakePlatform } from "./support/fake-platform.ts";
import { claimedRun, silentLog } from "./support/worker.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

const minuteMs = 60_000;

function hold() {
  const { client, callsOf } = createFakePlatform({ "worker.heartbeat": () => ({ cancel_requested: false }) });
  const stopping = new AbortController();
  const lease = holdLease(claimedRun, { client, leaseMs: 30_000, log: silentLog, stopping: stopping.signal });
  return { lease, stopping, heartbeats: () => callsOf("worker.heartbeat").length };
}

test("a lease is renewed every third of its length, and no longer once the work is done", async () => {
  const { lease, heartbeats } = hold();
  await vi.advanceTimersByTimeAsync(minuteMs);
  const renewed = heartbeats();
  expect(renewed).toBeGreaterThanOrEqual(6);
  lease.close();
  await vi.advanceTimersByTimeAsync(10 * minuteMs);
  expect(heartbeats()).toBe(renewed);
});

test("a lease ends for the first reason that there was, and not at all after the work", () => {
  const { lease, stopping } = hold();
  lease.end("cancelled");
  lease.end("lost");
  stopping.abort();
  expect([lease.ended(), lease.signal.aborted]).toEqual(["cancelled", true]);
  const done = hold();
  done.lease.close();
  done.lease.end("lost");
  expect([done.lease.ended(), done.lease.signal.aborted]).toEqual([null, false]);
});

test("after a claim that got through, the next failure is followed by the shortest pause", async () => {
  const failing = new Set([0, 1, 2, 3, 5]);
  const { client, callsOf } = createFakePlatform({
    "worker.claim": (_input, index) => {
      if (failing.has(index)) throw new TypeError("fetch failed");
      return { runs: [claimedRun] };
    },
  });
  const options = {
    client,
    name: "test",
    concurrency: 1,
    leaseMs: 30_000,
    historyLimit: 9,
    fallback: false,
    log: silentLog,
  };
  const claim = createClaim(options);
  const never = new AbortController().signal;
  const claimAgain = async (pauseMs: number): Promise<number> => {
    void claim(1, never);
    await vi.advanceTimersByTimeAsync(pauseMs);
    return callsOf("worker.claim").length;
  };
  for (let count = 1; count <= 5; count += 1) expect(await claimAgain(10_000)).toBe(count);
  let isOver = false;
  void claim(1, never).then(() => (isOver = true));
  await vi.advanceTimersByTimeAsync(101);
  expect([callsOf("worker.claim").length, isOver]).toEqual([6, true]);
});
