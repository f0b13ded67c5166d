import type { AppendOutcome, Deltas, Usage } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import { createClaimRuns } from "./claim-runs.ts";
import type { ServiceDeps } from "./deps.ts";
import type { QueueWatches } from "./queue-watch.ts";
import { createRefuseReport, type Lease, type RefuseReport } from "./refuse-report.ts";
import type { RunWatches } from "./run-watch.ts";
import type { Settler } from "./settler.ts";

export interface LeaseStatus {
  leaseUntil: Date;
  deadlineAt: Date;
  cancelRequested: boolean;
}

/** Reports of a worker that goes on with a run. */
function createProgressReports({ queries }: ServiceDeps, { deltas, refuse }: { deltas: Deltas; refuse: RefuseReport }) {
  return {
    /**
     * Extends the lease from now by `leaseMs`, never the deadline.
     *
     * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
     */
    heartbeat: async (lease: Lease, leaseMs: number): Promise<LeaseStatus> =>
      (await queries.extendLease({ ...lease, leaseMs })) ?? (await refuse(lease)),

    /**
     * Adds a piece to the answer that streams, and extends the lease. A repeated `seq` is accepted and changes nothing.
     *
     * @throws {DomainError} `delta_gap` (with `last_seq`), `answer_too_long`, `run_not_found`, `run_ended`, `lease_lost`
     */
    append: async (lease: Lease, delta: { seq: number; text: string; leaseMs: number }): Promise<LeaseStatus> => {
      const outcome: AppendOutcome = await deltas.append({ ...lease, ...delta });
      switch (outcome.kind) {
        case "stored":
          return outcome.lease;
        case "gap":
          throw new DomainError("delta_gap", { last_seq: outcome.lastSeq });
        case "too_long":
          throw new DomainError("answer_too_long");
        case "refused":
          return refuse(lease);
      }
    },
  };
}

interface FinalParts {
  settler: Settler;
  refuse: RefuseReport;
  runWatches: RunWatches;
}

/** Reports of a worker that lets go of a run. */
function createFinalReports(deps: ServiceDeps, { settler, refuse, runWatches }: FinalParts) {
  const { queries, hints, log, settings } = deps;
  return {
    /**
     * Stores the answer and ends the run. A repeat with the same text is accepted and changes nothing.
     *
     * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
     */
    complete: async (lease: Lease, text: string, usage: Usage | null): Promise<void> => {
      const stored = await queries.completeRun({ ...lease, text, usage });
      if (stored !== undefined) {
        runWatches.handOver(lease.runId, text);
        hints.publish(`dialog:${stored.dialogId}`);
        log.info({ event: "run_completed", run_id: lease.runId }, `Run ${lease.runId} is completed`);
        return;
      }
      const run = await queries.findReportedRun(lease.runId);
      const isRepeat = run?.state === "completed" && run.leaseToken === lease.leaseToken && run.answerText === text;
      if (!isRepeat) await refuse(lease);
    },

    /**
     * Reports that the run could not be answered; with `retry` it may be tried again. A run that is to be cancelled ends
     * with it.
     *
     * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
     */
    fail: async (
      lease: Lease,
      failure: { errorCode: string; errorMessage: string; retry: boolean },
    ): Promise<{ state: "queued" | "failed" | "cancelled" }> => {
      const failed = await queries.failRun({ ...lease, ...failure, backoffMs: settings.retryBackoffMs });
      if (failed === undefined) return refuse(lease);
      if (failed.cancelRequested) {
        await settler.settle();
        return { state: "cancelled" };
      }
      const state = failed.state === "queued" ? "queued" : "failed";
      if (state === "failed") hints.publish(`dialog:${failed.dialogId}`);
      const fields = { event: "run_failed", run_id: lease.runId, attempt: failed.attempt, reason: failure.errorCode };
      log.warn({ ...fields, state }, `Attempt ${failed.attempt} at run ${lease.runId} failed: ${failure.errorCode}`);
      return { state };
    },

    /**
     * Gives the run back; the attempt does not count. A run that is to be cancelled ends with it.
     *
     * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
     */
    release: async (lease: Lease): Promise<{ state: "queued" | "cancelled" }> => {
      const released = (await queries.releaseRun(lease)) ?? (await refuse(lease));
      log.info({ event: "run_released", run_id: lease.runId }, `Run ${lease.runId} is given back`);
      if (!released.cancelRequested) {
        hints.publish("queue");
        return { state: "queued" };
      }
      await settler.settle();
      return { state: "cancelled" };
    },
  };
}

interface WorkerParts {
  queueWatches: QueueWatches;
  runWatches: RunWatches;
  settler: Settler;
  deltas: Deltas;
}

/** The worker's side of a run. Every report carries the lease token of its claim. */
export function createWorkerService(deps: ServiceDeps, { queueWatches, runWatches, settler, deltas }: WorkerParts) {
  const refuse = createRefuseReport(deps);
  return {
    claim: createClaimRuns(deps, queueWatches),
    ...createProgressReports(deps, { deltas, refuse }),
    ...createFinalReports(deps, { settler, refuse, runWatches }),
  };
}
