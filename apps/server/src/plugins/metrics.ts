import type { AppEvent, UseCases } from "@deepbot/api/server";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { headerOf, sendResponse, type CountRefusals } from "../request/context.ts";
import { getRoute, type Route } from "../request/routes.ts";
import type { EventStreams } from "../transports/sse.ts";

export interface Metrics {
  requestDuration: Histogram<"operation" | "status">;
  /** Counts a time at which notifications may have been lost. */
  countNotificationGap: () => void;
  /** Counts what use cases did. */
  onEvent: (event: AppEvent) => void;
  /** `GET /metrics` in the text format of Prometheus, for operators. */
  route: Route;
}

export interface MetricsDeps {
  useCases: Pick<UseCases, "operations" | "identity">;
  streams: Pick<EventStreams, "count">;
  countRefusals: CountRefusals;
}

/** From quick reads to a worker's longest wait, in seconds. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** @returns the function that refreshes the gauges from the database; their values cover all servers together */
function addRunGauges(registers: Registry[], useCases: MetricsDeps["useCases"]): () => Promise<void> {
  const labelNames = ["state"];
  const open = new Gauge({
    name: "deepbot_open_runs",
    help: "Runs that have not ended, by state; all servers together",
    labelNames,
    registers,
  });
  const oldest = new Gauge({
    name: "deepbot_oldest_open_run_seconds",
    help: "Age of the oldest run that has not ended, by state; all servers together",
    labelNames,
    registers,
  });
  return async () => {
    // The other metrics matter all the more while the database is down.
    const counts = await useCases.operations.countOpenRuns().catch(() => []);
    open.reset();
    oldest.reset();
    for (const { state, count, oldestSeconds } of counts) {
      open.set({ state }, count);
      oldest.set({ state }, oldestSeconds);
    }
  };
}

function createCounters(registers: Registry[]): Pick<Metrics, "requestDuration" | "countNotificationGap" | "onEvent"> {
  const requestDuration = new Histogram({
    name: "deepbot_http_request_duration_seconds",
    help: "Time from the headers of a request to the end of its response, waits and streams included",
    labelNames: ["operation", "status"] as const,
    buckets: durationBuckets,
    registers,
  });
  const gaps = new Counter({
    name: "deepbot_notification_gaps_total",
    help: "Times the notification connection was opened; every waiter polls once after each",
    registers,
  });
  const transitions = new Counter({
    name: "deepbot_run_transitions_total",
    help: "State changes of runs that this process made",
    labelNames: ["from", "to"] as const,
    registers,
  });
  const limited = new Counter({
    name: "deepbot_rate_limited_requests_total",
    help: "Requests that this process refused with 429, by the quota that was used up",
    labelNames: ["policy"] as const,
    registers,
  });
  return {
    requestDuration,
    countNotificationGap: () => gaps.inc(),
    onEvent: (event) => {
      if (event.kind === "run_transition") transitions.inc({ from: event.from ?? "none", to: event.to });
      if (event.kind === "rate_limited") limited.inc({ policy: event.policy });
    },
  };
}

export function createMetrics({ useCases, streams, countRefusals }: MetricsDeps): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const refreshRuns = addRunGauges(registers, useCases);
  const counters = createCounters(registers);
  const openStreams = new Gauge({
    name: "deepbot_open_streams",
    help: "Event streams that this process has open",
    registers,
  });
  return {
    ...counters,
    route: getRoute("metrics", "/metrics", async (request) => {
      countRefusals(request, () => useCases.identity.requireHealthKey(headerOf(request.req, "x-health-key")));
      openStreams.set(streams.count());
      await refreshRuns();
      const content = await registry.metrics();
      sendResponse(request, { status: 200, contentType: registry.contentType, content });
    }),
  };
}
