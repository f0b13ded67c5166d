import type { LeaseKey } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { Presence } from "../presence/presence.ts";
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
  { statements, settings }: Pick<UseCaseDeps, "statements" | "settings">,
  { appendDelta, refuse, presence }: { appendDelta: AppendDelta; refuse: RefuseReport; presence: Presence },
) {
  const times = { deadlineMs: settings.answerDeadlineMs, maxMs: settings.answerMaxMs };
  return {
    /**
     * Lets the lease end `leaseMs` from now, and moves the deadline.
     *
     * @throws {AppError} as {@link RefuseReport} does
     */
    heartbeat: async (lease: LeaseKey, leaseMs: number): Promise<LeaseStatus> => {
      const extended = (await statements.extendLease({ ...lease, ...times, leaseMs })) ?? (await refuse(lease));
      presence.reported(lease.runId);
      return extended;
    },

    /**
     * Adds a delta to the streamed text, extends the lease and moves the deadline. A repeated `seq` with the same text is
     * accepted and changes nothing.
     *
     * @throws {AppError} `delta_gap` (with `last_seq`), `seq_conflict` (with `seq`), `answer_too_long`, and as
     *   {@link RefuseReport} does
     */
    append: async (lease: LeaseKey, delta: { seq: number; text: string; leaseMs: number }): Promise<LeaseStatus> => {
      const appended = await appendDelta({ ...lease, ...delta });
      switch (appended.outcome) {
        case "stored":
        case "repeated":
          presence.reported(lease.runId);
          return appended;
        case "conflict":
          throw new AppError("seq_conflict", { seq: delta.seq });
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
