import { limits } from "@deepbot/contract";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createRunMetrics } from "../../src/metrics/run-metrics.ts";

test("tokens that no answer costs are counted as the quotas count them", async () => {
  const registry = new Registry();
  const observe = createRunMetrics([registry]);
  const ids = { runId: 1, dialogId: 1, ownerId: 1, assistantId: 1 };
  for (const usage of [{ input_tokens: Number.MAX_SAFE_INTEGER, output_tokens: 7 }, { output_tokens: 1 }]) {
    observe({ kind: "run_transition", ...ids, from: "running", to: "completed", actor: "worker", facts: { usage } });
  }
  const text = await registry.metrics();
  expect(text.match(/^deepbot_tokens_total.*$/gm)).toEqual([
    `deepbot_tokens_total{direction="input"} ${limits.answerTokensMax}`,
    'deepbot_tokens_total{direction="output"} 8',
  ]);
});
