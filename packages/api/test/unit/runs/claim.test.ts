import { limits } from "@deepbot/contract";
import { environmentKeyId, type ClaimedRun, type Statements } from "@deepbot/db";
import { environmentKey } from "../../../src/identity/service-key.ts";
import { createMemoryNotifier } from "@deepbot/live";
import { expect, it } from "vitest";
import { createEvents, type AppEvent } from "../../../src/events/events.ts";
import { createPresence } from "../../../src/presence/presence.ts";
import { createClaimRuns, historyBytesOf } from "../../../src/runs/claim.ts";
import { defaultSettings } from "../../../src/settings.ts";
import { createClaimQueue } from "../../../src/streaming/claim-queue.ts";
import type { UseCaseDeps } from "../../../src/use-case-deps.ts";

const run: ClaimedRun = {
  runId: 7,
  dialogId: 3,
  userId: 2,
  assistantId: 1,
  assistant: { slug: "deepbot", instructions: "" },
  metadata: null,
  keyId: environmentKeyId,
  createdAt: new Date(0),
  leaseToken: "11111111-1111-4111-8111-111111111111",
  leaseUntil: new Date(0),
  deadlineAt: new Date(0),
  attempt: 1,
  maxAttempts: 3,
  messages: [],
};

const claim = {
  key: environmentKey,
  assistants: undefined,
  worker: "w",
  max: 1,
  waitMs: 25_000,
  leaseMs: 30_000,
  confirmWithinMs: null,
  historyLimit: 10,
  maxBytes: 1_000,
  fallback: false,
  capacity: null,
};

it("a run that was claimed for a worker who left meanwhile is given back", async () => {
  const leaving = new AbortController();
  const released: Parameters<Statements["releaseRun"]>[0][] = [];
  const emitted: AppEvent[] = [];
  const events = createEvents(() => {});
  events.subscribe((event) => void emitted.push(event));
  const statements = {
    claimRuns: async () => {
      leaving.abort();
      return [run];
    },
    releaseRun: async (lease: Parameters<Statements["releaseRun"]>[0]) => {
      released.push(lease);
      return { dialogId: 3, ownerId: 2, cancelRequested: false };
    },
    countClaimableRuns: async () => [],
  } as unknown as UseCaseDeps["statements"];
  const shutdown = new AbortController().signal;
  const notifier = createMemoryNotifier();
  const presence = createPresence({ statements, notifier, events });
  const queue = createClaimQueue({ notifier, statements, presence, shutdown });
  const claimRuns = createClaimRuns(
    { statements, events, shutdown, settings: defaultSettings },
    { queue, findServedAssistants: async () => null, presence, limiter: { acquire: () => () => {} } },
  );
  expect(await claimRuns(claim, leaving.signal)).toEqual([]);
  expect(released).toEqual([{ runId: 7, leaseToken: run.leaseToken, keyId: environmentKeyId }]);
  expect(emitted.at(-1)).toMatchObject({ kind: "run_transition", from: "running", to: "queued", actor: "worker" });
});

it("the runs that a claim may get share the bytes of one claim", () => {
  expect(historyBytesOf({ max: 1, maxBytes: limits.historyMaxBytes })).toBe(limits.historyMaxBytes);
  expect(historyBytesOf({ max: 12, maxBytes: limits.historyDefaultBytes })).toBe(limits.historyDefaultBytes);
  const most = historyBytesOf({ max: limits.claimMax, maxBytes: limits.historyMaxBytes });
  expect(most * limits.claimMax).toBeLessThanOrEqual(limits.claimMaxBytes);
  expect(most).toBeGreaterThan(4 * limits.questionMax);
});

it("a run that was offered to a worker who leaves goes to the next in line", async () => {
  const notifier = createMemoryNotifier();
  const worker = { fallback: false, assistantIds: null };
  const statements = { countClaimableRuns: async () => [] };
  const presence = { knownOthers: () => [], onChange: () => {} };
  const queue = createClaimQueue({ notifier, statements, presence, shutdown: new AbortController().signal });
  const [leaving, next] = [queue.open(worker), queue.open(worker)];
  const patient = { ms: 60_000, signal: undefined };
  notifier.offerWork(1);
  leaving.close();
  expect(await next.wait(patient)).toBe(true);
  next.close();
});
