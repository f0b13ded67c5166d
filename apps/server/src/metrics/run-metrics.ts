import type { AppEvent, UseCases } from "@deepbot/api/server";
import { limits } from "@deepbot/contract";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

type RunTransition = Extract<AppEvent, { kind: "run_transition" }>;

/** From an idle worker's reaction to the longest deadline, in seconds. */
const waitBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600];

/** Reasons that are ours. All others are a worker's own words, of which there may be any number. */
const ownReasons: ReadonlySet<string> = new Set(["no_worker", "deadline", "attempts_spent", "lease_expired"]);

/** Runs whose first delta is awaited. Those whose worker reports to another server stay until newer ones take their place. */
const awaitedMax = 10_000;

/** When the questions of runs were asked that this process gave to workers, until their first delta. */
function createFirstDeltas(observe: (seconds: number) => void) {
  const askedAt = new Map<number, number>();
  return {
    claimed: (runId: number, waitedMs: number): void => {
      const [oldest] = askedAt.keys();
      if (askedAt.size >= awaitedMax && oldest !== undefined) askedAt.delete(oldest);
      askedAt.set(runId, performance.now() - waitedMs);
    },
    stored: (runId: number): void => {
      const asked = askedAt.get(runId);
      if (asked !== undefined) observe((performance.now() - asked) / 1000);
      askedAt.delete(runId);
    },
    ended: (runId: number): void => void askedAt.delete(runId),
  };
}

function createRunCounters(registers: Registry[]): (transition: RunTransition) => void {
  const transitions = new Counter({
    name: "deepbot_run_transitions_total",
    help: "State changes of runs that this process made",
    labelNames: ["from", "to"] as const,
    registers,
  });
  const setbacks = new Counter({
    name: "deepbot_run_setbacks_total",
    help: "Runs that failed, expired or had to be queued again, by reason; those that workers give count as `reported`",
    labelNames: ["to", "reason"] as const,
    registers,
  });
  const tokens = new Counter({
    name: "deepbot_tokens_total",
    help: "Tokens that workers reported for completed runs",
    labelNames: ["direction"] as const,
    registers,
  });
  return ({ from, to, facts: { reason, usage } }) => {
    transitions.inc({ from: from ?? "none", to });
    if (reason !== undefined) setbacks.inc({ to, reason: ownReasons.has(reason) ? reason : "reported" });
    if (usage === undefined) return;
    tokens.inc({ direction: "input" }, Math.min(usage.input_tokens ?? 0, limits.answerTokensMax));
    tokens.inc({ direction: "output" }, Math.min(usage.output_tokens ?? 0, limits.answerTokensMax));
  };
}

/** Counts what happens to runs, and how long people wait. */
export function createRunMetrics(registers: Registry[]): (event: AppEvent) => void {
  const count = createRunCounters(registers);
  const queueWait = new Histogram({
    name: "deepbot_queue_wait_seconds",
    help: "Time from a question to its first claim",
    buckets: waitBuckets,
    registers,
  });
  const firstDelta = new Histogram({
    name: "deepbot_first_delta_seconds",
    help: "Time from a question to its first delta, of runs that were claimed from this process",
    buckets: waitBuckets,
    registers,
  });
  const firstDeltas = createFirstDeltas((seconds) => firstDelta.observe(seconds));
  return (event) => {
    if (event.kind === "deltas_stored" && event.deltas[0]?.seq === 1) firstDeltas.stored(event.runId);
    if (event.kind !== "run_transition") return;
    count(event);
    const { runId, to, facts } = event;
    if (to !== "running") firstDeltas.ended(runId);
    else if (facts.waitedMs !== undefined) {
      queueWait.observe(facts.waitedMs / 1000);
      firstDeltas.claimed(runId, facts.waitedMs);
    }
  };
}

/** @returns the function that refreshes the gauge from the database */
export function addPeakUsageGauge(
  registers: Registry[],
  { findPeakUsage }: Pick<UseCases["operations"], "findPeakUsage">,
): () => Promise<void> {
  const peak = new Gauge({
    name: "deepbot_peak_usage",
    help: "The most that one person has used today, by quota; all servers together",
    labelNames: ["quota"],
    registers,
  });
  return async () => {
    const usage = await findPeakUsage().catch(() => undefined);
    peak.reset();
    if (usage === undefined) return;
    peak.set({ quota: "questions" }, usage.questions);
    peak.set({ quota: "question_bytes" }, usage.questionBytes);
    peak.set({ quota: "tokens" }, usage.tokens);
  };
}

/** @returns the function that refreshes the gauge from the database */
export function addWorkersGauge(
  registers: Registry[],
  { count }: Pick<UseCases["presence"], "count">,
): () => Promise<void> {
  const present = new Gauge({
    name: "deepbot_workers",
    help: "Workers that poll or hold runs; all servers together",
    registers,
  });
  return async () => {
    // Zero would mean that nobody is there.
    present.set(await count().catch(() => Number.NaN));
  };
}

/** @returns the function that refreshes the gauges from the database; their values cover all servers together */
export function addOpenRunGauges(
  registers: Registry[],
  { countOpenRuns }: Pick<UseCases["operations"], "countOpenRuns">,
): () => Promise<void> {
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
    const counts = await countOpenRuns().catch(() => []);
    open.reset();
    oldest.reset();
    for (const { state, count, oldestSeconds } of counts) {
      open.set({ state }, count);
      oldest.set({ state }, oldestSeconds);
    }
  };
}
