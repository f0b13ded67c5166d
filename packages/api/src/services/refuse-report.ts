import { DomainError } from "../domain/errors.ts";
import { isOpen } from "../domain/run-outcome.ts";
import type { ServiceDeps } from "./deps.ts";

export interface Lease {
  runId: number;
  leaseToken: string;
}

/**
 * Says why a report does not fit its run: the run is gone, has ended, or is leased to somebody else.
 *
 * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
 */
export type RefuseReport = (lease: Lease) => Promise<never>;

export function createRefuseReport({ queries, log }: Pick<ServiceDeps, "queries" | "log">): RefuseReport {
  return async ({ runId, leaseToken }) => {
    const run = await queries.findReportedRun(runId);
    if (run === undefined) throw new DomainError("run_not_found");
    log.warn({ event: "report_refused", run_id: runId, state: run.state }, `A report for run ${runId} was refused`);
    throw new DomainError(!isOpen(run.state) && run.leaseToken === leaseToken ? "run_ended" : "lease_lost");
  };
}
