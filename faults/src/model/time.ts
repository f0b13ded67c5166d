import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import type { Inspector } from "../cluster/database.ts";
import { longestMs, longMs } from "./requests.ts";
import { endCancelled, endLease, reachDeadline, type Model, type ModelRun } from "./model.ts";

/** A time limit of a run that can pass. */
export type Passing = "lease" | "deadline" | "grace" | "back-off" | "silence" | "age";

const reaperLimitMs = 5_000;

/** Whether a run has this time limit now. */
export function canPass(run: ModelRun, passing: Passing): boolean {
  switch (passing) {
    case "lease":
    case "silence":
    case "age":
      return run.state === "running";
    case "deadline":
      return run.state === "running" || run.state === "queued";
    case "grace":
      return run.state === "running" && run.cancelRequested;
    case "back-off":
      return run.state === "queued" && run.isBackingOff;
  }
}

const seconds = (ms: number) => sql`${ms / 1000}::float8 * interval '1 second'`;
/** Nearer than a sign of life would move it. */
const nearDeadline = seconds(longMs / 4);
const longestRun = seconds(longestMs);

const changes: Record<Passing, (runId: number) => ReturnType<typeof sql>> = {
  lease: (runId) => sql`update runs set lease_until = now() - interval '1 second' where run_id = ${runId}`,
  deadline: (runId) => sql`update runs set deadline_at = now() - interval '1 second' where run_id = ${runId}`,
  grace: (runId) =>
    sql`update runs set cancel_requested_at = cancel_requested_at - interval '1 hour' where run_id = ${runId}`,
  silence: (runId) => sql`update runs set deadline_at = now() + ${nearDeadline} where run_id = ${runId}`,
  age: (runId) => sql`
    update runs set deadline_at = now() + ${nearDeadline}, created_at = now() + ${nearDeadline} - ${longestRun}
    where run_id = ${runId}`,
  "back-off": (runId) => sql`update runs set available_at = now() where run_id = ${runId}`,
};

function applyToModel(model: Model, run: ModelRun, passing: Passing): void {
  switch (passing) {
    case "lease":
      return endLease(model, run);
    case "deadline":
      return reachDeadline(model, run);
    case "grace":
      return endCancelled(model, run);
    case "age":
      run.isOld = true;
      run.isDeadlineNear = true;
      return;
    case "silence":
      run.isDeadlineNear = true;
      return;
    case "back-off":
      run.isBackingOff = false;
  }
}

/** Lets a time limit of a run pass, by an update of its row. */
export async function moveTime(inspector: Inspector, runId: number, passing: Passing): Promise<void> {
  await inspector.rows(changes[passing](runId));
}

/** Waits until the reaper of some replica has seen it, and applies it to the model. */
export async function awaitPassing(
  inspector: Inspector,
  model: Model,
  { run, passing }: { run: ModelRun; passing: Passing },
): Promise<void> {
  const before = run.state;
  applyToModel(model, run, passing);
  if (run.state === before) return;
  const isReaped = async (): Promise<boolean> => {
    const [row] = await inspector.rows<{ state: string }>(sql`select state from runs where run_id = ${run.runId}`);
    return row?.state === run.state;
  };
  await until(`the reaper makes run ${run.runId} ${run.state}`, isReaped, reaperLimitMs);
}
