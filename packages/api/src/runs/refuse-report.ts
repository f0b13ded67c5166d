import { isOpen } from "@deepbot/contract";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

export interface Lease {
  runId: number;
  leaseToken: string;
}

/**
 * Finds out why a report does not fit its run.
 *
 * @throws {AppError} `run_not_found`, `run_ended`, `lease_lost`
 */
export type RefuseReport = (lease: Lease) => Promise<never>;

export function createRefuseReport({ statements, events }: Pick<UseCaseDeps, "statements" | "events">): RefuseReport {
  return async ({ runId, leaseToken }) => {
    const run = await statements.findReportedRun(runId);
    if (run === undefined) throw new AppError("run_not_found");
    events.emit({ kind: "report_refused", runId, state: run.state });
    throw new AppError(!isOpen(run.state) && run.leaseToken === leaseToken ? "run_ended" : "lease_lost");
  };
}
