import { isOpen } from "@deepbot/contract";
import type { LeaseKey } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/**
 * Finds out why a report does not fit its run.
 *
 * @throws {AppError} `run_not_found`, `run_ended`, `lease_lost`
 */
export type RefuseReport = (lease: LeaseKey) => Promise<never>;

export function createRefuseReport({ statements, events }: Pick<UseCaseDeps, "statements" | "events">): RefuseReport {
  return async ({ runId, leaseToken, keyId }) => {
    const run = await statements.findReportedRun(runId);
    if (run === undefined) throw new AppError("run_not_found");
    events.emit({ kind: "report_refused", runId, state: run.state });
    const knowsToken = run.leaseToken === leaseToken;
    if (knowsToken && run.keyId !== keyId) {
      events.emit({ kind: "access_refused", credential: "X-Messages-Key", reason: "foreign_lease" });
      throw new AppError("lease_lost");
    }
    throw new AppError(!isOpen(run.state) && knowsToken ? "run_ended" : "lease_lost");
  };
}
