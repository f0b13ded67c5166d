import type { ClaimedRun } from "@deepbot/db";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRecentPushes } from "../../../src/webhooks/dispatch/recent-pushes.ts";
import { createWebhookTargets } from "../../../src/webhooks/dispatch/targets.ts";
import { createHostSlots } from "../../../src/webhooks/sending/slots.ts";

const webhookId = "a webhook";

async function knownTargets() {
  const webhook = { webhookId, assistantId: 7, url: "https://one.example/", events: ["run.queued" as const] };
  const slots = createHostSlots({ perHost: 9, total: 9 });
  const targets = createWebhookTargets({ listActiveWebhooks: async () => [webhook] }, slots);
  await targets.refresh();
  return { ...targets, isReady: () => targets.readyAssistants().includes(7) };
}

describe("a webhook that gives questions back", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("pauses longer each time, until a question stays with it", async () => {
    const targets = await knownTargets();
    const giveBack = () => {
      vi.advanceTimersByTime(10);
      targets.gaveBack({ webhookId, pushedAt: performance.now() });
    };
    giveBack();
    expect(targets.isReady()).toBe(false);
    vi.advanceTimersByTime(1_300);
    expect(targets.isReady()).toBe(true);
    giveBack();
    vi.advanceTimersByTime(1_300);
    expect(targets.isReady()).toBe(false);
    vi.advanceTimersByTime(1_300);
    expect(targets.isReady()).toBe(true);
    targets.succeeded(webhookId);
    giveBack();
    vi.advanceTimersByTime(1_300);
    expect(targets.isReady()).toBe(true);
  });

  it("pauses once for all that it was given before the pause", async () => {
    const targets = await knownTargets();
    const before = { webhookId, pushedAt: performance.now() + 1 };
    vi.advanceTimersByTime(10);
    targets.gaveBack(before);
    vi.advanceTimersByTime(1_300);
    targets.gaveBack(before);
    targets.succeeded(webhookId);
    targets.gaveBack(before);
    expect(targets.isReady()).toBe(true);
  });
});

describe("the pushes that are remembered", () => {
  const runOf = (runId: number, attempt = 1, leaseToken = `${runId}`) => ({ runId, attempt, leaseToken }) as ClaimedRun;

  it("tell which webhook had the attempt, until it was spent or if the receiver did not take it", () => {
    const pushes = createRecentPushes();
    pushes.add(runOf(1), webhookId);
    expect(pushes.hasComeBack(runOf(1))).toBe(false);
    expect(pushes.cameBackFrom(runOf(1, 2))).toBeUndefined();
    expect(pushes.hasComeBack(runOf(1))).toBe(false);
    expect(pushes.cameBackFrom(runOf(1))).toMatchObject({ webhookId });
    pushes.add(runOf(1, 1, "again"), "another webhook");
    expect(pushes.hasComeBack(runOf(1))).toBe(true);
    pushes.remove(runOf(1));
    expect(pushes.cameBackFrom(runOf(1))).toMatchObject({ webhookId: "another webhook" });
    pushes.remove(runOf(1, 1, "again"));
    expect(pushes.cameBackFrom(runOf(1))).toBeUndefined();
  });

  it("are the last ten thousand", () => {
    const pushes = createRecentPushes();
    for (let runId = 0; runId <= 10_000; runId += 1) pushes.add(runOf(runId), webhookId);
    const found = [0, 1, 10_000].map((runId) => pushes.cameBackFrom(runOf(runId)) !== undefined);
    expect(found).toEqual([false, true, true]);
  });
});
