import type { Events, UseCases } from "@deepbot/api/server";
import { Counter, Histogram, Registry } from "prom-client";
import { readKeys, type CountRefusals } from "../request/context.ts";
import { sendResponse } from "../request/send.ts";
import { getRoute, type Route } from "../request/routes.ts";
import { addProcessMetrics, type ProcessCounts, type ProcessGauges } from "./process-metrics.ts";
import { addOpenRunGauges, addPeakUsageGauge, addWorkersGauge, createRunMetrics } from "./run-metrics.ts";
import { createWebhookMetrics } from "./webhook-metrics.ts";

export interface Metrics {
  requestDuration: Histogram<"operation" | "status">;
  /** Counts a time at which notifications may have been lost. */
  countNotificationGap: () => void;
  /** `GET /metrics` in the text format of Prometheus, for operators. */
  route: Route;
}

export interface MetricsDeps extends Omit<ProcessGauges, "waitingWorkers">, ProcessCounts {
  useCases: Pick<UseCases, "operations" | "identity" | "presence">;
  countRefusals: CountRefusals;
  /** Whose events are counted. */
  events: Pick<Events, "subscribe">;
}

/** From quick reads to a worker's longest wait, in seconds. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

function createRequestDuration(registers: Registry[]): Metrics["requestDuration"] {
  return new Histogram({
    name: "deepbot_http_request_duration_seconds",
    help: "Time from the headers of a request to the end of its response, waits and streams included",
    labelNames: ["operation", "status"] as const,
    buckets: durationBuckets,
    registers,
  });
}

function createCounters(registers: Registry[], events: MetricsDeps["events"]): Pick<Metrics, "countNotificationGap"> {
  const gaps = new Counter({
    name: "deepbot_notification_gaps_total",
    help: "Times the notification connection was opened; every waiter polls once after each",
    registers,
  });
  const refusals = new Counter({
    name: "deepbot_refusals_total",
    help: "Error responses to calls, by code; limits and quotas that were reached among them",
    labelNames: ["code"] as const,
    registers,
  });
  const limited = new Counter({
    name: "deepbot_rate_limited_requests_total",
    help: "Requests that this process refused with 429, by the quota that was used up",
    labelNames: ["policy"] as const,
    registers,
  });
  const loopFailures = new Counter({
    name: "deepbot_loop_failures_total",
    help: "Failures of periodic jobs, which are tried again",
    labelNames: ["loop"] as const,
    registers,
  });
  const suppressed = new Counter({
    name: "deepbot_log_lines_suppressed_total",
    help: "Log lines of refusals and of strangers that were counted instead of written",
    registers,
  });
  events.subscribe(
    (event) => {
      if (event.kind === "request_refused") refusals.inc({ code: event.code });
      if (event.kind === "rate_limited") limited.inc({ policy: event.policy });
      if (event.kind === "loop_failed") loopFailures.inc({ loop: event.loop });
      if (event.kind === "lines_suppressed") suppressed.inc(event.count);
    },
    ["request_refused", "rate_limited", "loop_failed", "lines_suppressed"],
  );
  return { countNotificationGap: () => gaps.inc() };
}

export function createMetrics(deps: MetricsDeps): Metrics {
  const { operations, identity, presence } = deps.useCases;
  const registry = new Registry();
  const registers = [registry];
  addProcessMetrics(registry, { ...deps, waitingWorkers: operations.countWaitingWorkers });
  const refreshRuns = addOpenRunGauges(registers, operations);
  const refreshUsage = addPeakUsageGauge(registers, operations);
  const refreshWorkers = addWorkersGauge(registers, presence);
  deps.events.subscribe(createRunMetrics(registers), ["run_transition", "deltas_stored"]);
  deps.events.subscribe(createWebhookMetrics(registers), ["webhook_attempted"]);
  return {
    ...createCounters(registers, deps.events),
    requestDuration: createRequestDuration(registers),
    route: getRoute("metrics", "/metrics", async (request) => {
      deps.countRefusals(request, () => identity.requireHealthKey(readKeys(request.req).healthKey));
      await Promise.all([refreshRuns(), refreshUsage(), refreshWorkers()]);
      const content = await registry.metrics();
      sendResponse(request, { status: 200, contentType: registry.contentType, content });
    }),
  };
}
