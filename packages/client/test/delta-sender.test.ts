import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createDeltaSender } from "../src/worker/delta-sender.ts";
import type { Lease } from "../src/worker/lease.ts";
import { createFakePlatform, type Handler } from "./support/fake-platform.ts";
import { claimedRun, silentLog } from "./support/worker.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

function startSender(append: Handler) {
  const { run_id, lease_token } = claimedRun;
  const { client, callsOf } = createFakePlatform({ "worker.append": append });
  const lease: Lease = {
    key: { run_id, lease_token },
    signal: new AbortController().signal,
    ended: () => null,
    end: () => {},
    close: () => {},
  };
  const sender = createDeltaSender({ client, lease, leaseMs: 30_000, log: silentLog });
  return { sender, sentTexts: () => callsOf("worker.append").map(({ text }) => text) };
}

test("text that comes within a moment is sent as one delta", async () => {
  const { sender, sentTexts } = startSender(() => ({ cancel_requested: false }));
  sender.add("one ");
  await vi.advanceTimersByTimeAsync(30);
  sender.add("two");
  await vi.advanceTimersByTimeAsync(9);
  expect(sentTexts()).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sentTexts()).toEqual(["one two"]);
});

test("closing waits for the request that is under way, and sends nothing after it", async () => {
  const response = Promise.withResolvers<object>();
  const { sender, sentTexts } = startSender(() => response.promise);
  sender.add("one");
  await vi.advanceTimersByTimeAsync(40);
  sender.add("two");
  let isClosed = false;
  const closing = sender.close().then(() => (isClosed = true));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(isClosed).toBe(false);
  response.resolve({ cancel_requested: false });
  await closing;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sentTexts()).toEqual(["one"]);
});
