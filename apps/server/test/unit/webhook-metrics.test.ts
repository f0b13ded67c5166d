import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createWebhookMetrics } from "../../src/metrics/webhook-metrics.ts";

test("requests to webhooks are counted by event and outcome", async () => {
  const registry = new Registry();
  const observe = createWebhookMetrics([registry]);
  observe({ kind: "webhook_attempted", event: "run.ended", error: null, durationMs: 200 });
  observe({ kind: "webhook_attempted", event: "run.ended", error: "timeout", durationMs: 10_000 });
  observe({ kind: "webhook_disabled", webhookId: "w", assistantId: 1, reason: "failures" });
  const text = await registry.metrics();
  expect(text.match(/^.*_(?:count|sum).*$/gm)).toEqual([
    'deepbot_webhook_attempt_duration_seconds_sum{event="run.ended",outcome="taken"} 0.2',
    'deepbot_webhook_attempt_duration_seconds_count{event="run.ended",outcome="taken"} 1',
    'deepbot_webhook_attempt_duration_seconds_sum{event="run.ended",outcome="timeout"} 10',
    'deepbot_webhook_attempt_duration_seconds_count{event="run.ended",outcome="timeout"} 1',
  ]);
});
