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
 * @throws {AppError} `run_not_found`, `run_ended`, `lease_lost`
 */
export type RefuseReport = (lease: LeaseKey) => Promise<never>;

export function createRefuseReport({ statements, events }: Pick<UseCaseDeps, "statements" | "events">): RefuseReport {
  return async (lease) => {
    const { runId, leaseToken } = lease;
    const run = await statements.findReportedRun(runId);
    if (run === undefined) throw new AppError("run_not_found");
    events.emit({ kind: "report_refused", runId, state: run.state });
    const knowsToken = run.leaseToken === leaseToken;
    if (knowsToken && !isLeaseOfKey(run, lease)) {
      events.emit({ kind: "access_refused", credential: "X-Messages-Key", reason: "foreign_lease" });
      throw new AppError("lease_lost");
    }
    throw new AppError(!isOpen(run.state) && knowsToken ? "run_ended" : "lease_lost");
  };
}
