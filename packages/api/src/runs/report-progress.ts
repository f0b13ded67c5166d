import type { LeaseKey } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { AppendDelta } from "../streaming/append-batcher.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { RefuseReport } from "./refuse-report.ts";

export interface LeaseStatus {
  leaseUntil: Date;
  deadlineAt: Date;
  cancelRequested: boolean;
}

/** Reports of a worker that is still working on a run. */
export function createProgressReports(
  { statements }: Pick<UseCaseDeps, "statements">,
  { appendDelta, refuse }: { appendDelta: AppendDelta; refuse: RefuseReport },
) {
  return {
    /**
     * Extends the lease to `leaseMs` from now, but never the deadline.
     *
     * @throws {AppError} `run_not_found`, `run_ended`, `lease_lost`
     */
    heartbeat: async (lease: LeaseKey, leaseMs: number): Promise<LeaseStatus> =>
      (await statements.extendLease({ ...lease, leaseMs })) ?? (await refuse(lease)),

    /**
     * Adds a delta to the streamed text and extends the lease. A repeated `seq` is accepted and changes nothing.
     *
     * @throws {AppError} `delta_gap` (with `last_seq`), `answer_too_long`, `run_not_found`, `run_ended`, `lease_lost`
     */
    append: async (lease: LeaseKey, delta: { seq: number; text: string; leaseMs: number }): Promise<LeaseStatus> => {
      const appended = await appendDelta({ ...lease, ...delta });
      switch (appended.outcome) {
        case "stored":
        case "repeated":
          return appended;
        case "gap":
          throw new AppError("delta_gap", { last_seq: appended.lastSeq });
        case "too_long":
          throw new AppError("answer_too_long");
        case "refused":
          return refuse(lease);
      }
    },
  };
}
