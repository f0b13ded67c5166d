import type { LeaseKey } from "@deepbot/db";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { ReapOverdueRuns } from "./reap.ts";
import type { RefuseReport } from "./refuse-report.ts";

export interface Failure {
  errorCode: string;
  errorMessage: string;
  /** Whether another attempt may help. */
  retry: boolean;
}

/**
 * Records that a run could not be answered. With `retry` and an attempt left it is queued again after a back-off. A run
 * whose cancel was requested ends.
 *
 * @throws {AppError} `run_not_found`, `run_ended`, `lease_lost`
 */
export type FailRun = (lease: LeaseKey, failure: Failure) => Promise<{ state: "queued" | "failed" | "cancelled" }>;

export function createFailRun(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  { refuse, reapOverdueRuns }: { refuse: RefuseReport; reapOverdueRuns: ReapOverdueRuns },
): FailRun {
  return async (lease, failure) => {
    const backoffMs = settings.retryBackoffMs;
    const failed = await statements.failRun({ ...lease, ...failure, backoffMs });
    if (failed === undefined) return refuse(lease);
    const { dialogId, ownerId, assistantId, attempt, cancelRequested } = failed;
    const to = failed.state === "queued" ? "queued" : "failed";
    const delayed = to === "queued" && (backoffMs > 0 || cancelRequested);
    const facts = { attempt, reason: failure.errorCode, ...(delayed ? { delayed } : {}) };
    events.emit({
      kind: "run_transition",
      runId: lease.runId,
      dialogId,
      ownerId,
      assistantId,
      from: "running",
      to,
      actor: "worker",
      facts,
    });
    if (!cancelRequested) return { state: to };
    await reapOverdueRuns();
    return { state: "cancelled" };
  };
}
