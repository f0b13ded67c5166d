import { DomainError, type Services } from "@deepbot/api/server";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Exchange } from "./exchange.ts";
import type { OpenStreams } from "./open-streams.ts";
import { send } from "./respond.ts";

export interface Metrics {
  /** Notes an exchange that is over. */
  observe: (exchange: Exchange, seconds: number) => void;
  /** Notes that hints may have been lost. */
  countHintGap: () => void;
  /** Answers `GET /metrics` in Prometheus' text format, to holders of the operators' key. Returns false for any other path. */
  answer: (exchange: Exchange) => Promise<boolean>;
}

export interface MetricsDeps {
  services: Pick<Services, "countOpenRuns">;
  streams: OpenStreams;
  isHealthKey: (presented: string | undefined) => boolean;
}

/** From quick reads to a worker's longest wait, in seconds. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** @returns the function that asks the database; what it says is of all servers together */
function addRunGauges(registers: Registry[], services: MetricsDeps["services"]): () => Promise<void> {
  const labelNames = ["state"];
  const open = new Gauge({
    name: "deepbot_open_runs",
    help: "Runs that have not ended, by state; of all servers together",
    labelNames,
    registers,
  });
  const oldest = new Gauge({
    name: "deepbot_oldest_open_run_seconds",
    help: "Age of the oldest run that has not ended, by state; of all servers together",
    labelNames,
    registers,
  });
  return async () => {
    // Without a database there is all the more reason to see the rest.
    const counts = await services.countOpenRuns().catch(() => []);
    open.reset();
    oldest.reset();
    for (const { state, count, oldestSeconds } of counts) {
      open.set({ state }, count);
      oldest.set({ state }, oldestSeconds);
    }
  };
}

export function createMetrics({ services, streams, isHealthKey }: MetricsDeps): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const refreshRuns = addRunGauges(registers, services);
  const duration = new Histogram({
    name: "deepbot_http_request_duration_seconds",
    help: "Time from the headers of a request to the end of its answer; waits and streams included",
    labelNames: ["operation", "status"],
    buckets: durationBuckets,
    registers,
  });
  const gaps = new Counter({
    name: "deepbot_hint_gaps_total",
    help: "Times that the connection for hints was opened, after which everybody looks again",
    registers,
  });
  const openStreams = new Gauge({
    name: "deepbot_open_streams",
    help: "Event streams that this process has open",
    registers,
  });
  return {
    observe: ({ operation, res }, seconds) => duration.observe({ operation, status: res.statusCode }, seconds),
    countHintGap: () => gaps.inc(),
    answer: async (exchange) => {
      const { req, method, path } = exchange;
      if (path !== "/metrics" || (method !== "GET" && method !== "HEAD")) return false;
      const key = req.headers["x-health-key"];
      if (!isHealthKey(typeof key === "string" ? key : undefined)) throw new DomainError("key_refused");
      openStreams.set(streams.count());
      await refreshRuns();
      send(exchange, { status: 200, contentType: registry.contentType, content: await registry.metrics() });
      return true;
    },
  };
}
