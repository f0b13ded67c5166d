import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { collectDefaultMetrics, Counter, Gauge, type Registry } from "prom-client";
import openApiDocument from "../../openapi.json" with { type: "json" };

/** Numbers that other parts of the process keep; they are read at each scrape. */
export interface ProcessGauges {
  openStreams: () => number;
  waitingWorkers: () => number;
  /** Of the database's connections; undefined where there is no pool. */
  pool: () => { max: number; inUse: number; waiting: number } | undefined;
}

/** The same for counts, which only grow. */
export interface ProcessCounts {
  droppedLogLines: () => number;
  droppedAuditRows: () => number;
}

/** Gauges of Node's default metrics that are named like counters, which `promtool check metrics` objects to. */
const misnamed = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** Tells builds apart: first characters of the SHA-256 of the program. */
function buildOf(program: string | undefined): string {
  if (program === undefined) return "unknown";
  return createHash("sha256").update(readFileSync(program)).digest("hex").slice(0, 12);
}

function addBuildInfo(registry: Registry): void {
  const info = new Gauge({
    name: "deepbot_build_info",
    help: "Always 1; the labels say what runs: the version of the API, the program and Node",
    labelNames: ["version", "build", "node"] as const,
    registers: [registry],
  });
  const [, program] = process.argv;
  info.set({ version: openApiDocument.info.version, build: buildOf(program), node: process.versions.node }, 1);
}

function addPoolGauges(registry: Registry, pool: ProcessGauges["pool"]): void {
  const connections = new Gauge({
    name: "deepbot_database_pool_connections",
    help: "Connections of this process to the database: those that may be opened, and those in use",
    labelNames: ["state"] as const,
    registers: [],
    collect() {
      const use = pool();
      if (use === undefined) return;
      this.set({ state: "max" }, use.max);
      this.set({ state: "in_use" }, use.inUse);
    },
  });
  registry.registerMetric(connections);
  const waiting = new Gauge({
    name: "deepbot_database_pool_waiting",
    help: "Statements of this process that wait for a connection",
    registers: [],
    collect() {
      this.set(pool()?.waiting ?? 0);
    },
  });
  registry.registerMetric(waiting);
}

function addProcessGauges(registry: Registry, { openStreams, waitingWorkers, pool }: ProcessGauges): void {
  const streams = new Gauge({
    name: "deepbot_open_streams",
    help: "Event streams that this process has open",
    registers: [],
    collect() {
      this.set(openStreams());
    },
  });
  registry.registerMetric(streams);
  const workers = new Gauge({
    name: "deepbot_waiting_workers",
    help: "Workers that wait for a run at this process",
    registers: [],
    collect() {
      this.set(waitingWorkers());
    },
  });
  registry.registerMetric(workers);
  addPoolGauges(registry, pool);
}

function addProcessCounters(registry: Registry, { droppedLogLines, droppedAuditRows }: ProcessCounts): void {
  const logLines = new Counter({
    name: "deepbot_log_lines_dropped_total",
    help: "Log lines that were lost because nobody read the output fast enough",
    registers: [],
    collect() {
      this.reset();
      this.inc(droppedLogLines());
    },
  });
  registry.registerMetric(logLines);
  const auditRows = new Counter({
    name: "deepbot_audit_rows_dropped_total",
    help: "Rows of the audit log that were lost because the database did not take them",
    registers: [],
    collect() {
      this.reset();
      this.inc(droppedAuditRows());
    },
  });
  registry.registerMetric(auditRows);
}

/** Node's metrics, and what this process says of itself. */
export function addProcessMetrics(registry: Registry, parts: ProcessGauges & ProcessCounts): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  addBuildInfo(registry);
  addProcessGauges(registry, parts);
  addProcessCounters(registry, parts);
}
