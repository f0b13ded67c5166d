import type { AppEvent } from "@deepbot/api/server";
import { Histogram, type Registry } from "prom-client";

/** From a quick receiver to the longest time limit that can be set, in seconds. */
const durationBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Counts and times the requests to webhooks. */
export function createWebhookMetrics(registers: Registry[]): (event: AppEvent) => void {
  const duration = new Histogram({
    name: "deepbot_webhook_attempt_duration_seconds",
    help: "Duration of requests to webhooks; the outcome is `taken` or the reason of the failure",
    labelNames: ["event", "outcome"] as const,
    buckets: durationBuckets,
    registers,
  });
  return (event) => {
    if (event.kind !== "webhook_attempted") return;
    duration.observe({ event: event.event, outcome: event.error ?? "taken" }, event.durationMs / 1000);
  };
}
