import { isOpen } from "@deepbot/contract";
import { webhookKeyId, type LeaseKey, type ReportedRun } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** Whether the lease belongs to the key, or to a webhook of an assistant that the key reaches. */
export function isLeaseOfKey(run: ReportedRun, { keyId, assistantIds = [] }: LeaseKey): boolean {
  if (run.keyId === keyId) return true;
  return run.keyId === webhookKeyId && (assistantIds === null || assistantIds.includes(run.assistantId));
}

/**
 * Finds out why a report does not fit its run.
 *
 * @throws {AppError} `run_not_found`; `run_ended` (with `state` and `ended_at`); `lease_expired`, `lease_taken`,
 *   `lease_token_wrong` or, if it is none of them, `lease_lost`, each with `lease_until` while somebody holds a lease
 */
export type RefuseReport = (lease: LeaseKey) => Promise<never>;

/** Only a running run has a lease. */
function leaseEnd({ leaseUntil }: ReportedRun): { lease_until?: string } {
  return leaseUntil === null ? {} : { lease_until: leaseUntil.toISOString() };
}

/** The tokens of former claims are not stored: after a second claim, any other token counts as one of them. */
function refusalOf(run: ReportedRun, leaseToken: string): AppError {
  const { state, epoch, endedAt, leaseHolds } = run;
  const until = leaseEnd(run);
  if (run.leaseToken !== leaseToken) return new AppError(epoch > 1 ? "lease_taken" : "lease_token_wrong", until);
  if (!isOpen(state)) return new AppError("run_ended", { state, ended_at: endedAt?.toISOString() ?? "" });
  return new AppError(leaseHolds ? "lease_lost" : "lease_expired", until);
}

export function createRefuseReport({ statements, events }: Pick<UseCaseDeps, "statements" | "events">): RefuseReport {
  return async (lease) => {
    const { runId, leaseToken } = lease;
    const run = await statements.findReportedRun(runId);
    if (run === undefined) throw new AppError("run_not_found");
    events.emit({ kind: "report_refused", runId, state: run.state });
    if (run.leaseToken === leaseToken && !isLeaseOfKey(run, lease)) {
      events.emit({ kind: "access_refused", credential: "X-Messages-Key", reason: "foreign_lease" });
      throw new AppError("lease_lost", leaseEnd(run));
    }
    throw refusalOf(run, leaseToken);
  };
}
