import type { ClaimedRun, Usage } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import type { ServiceDeps } from "./deps.ts";
import type { QueueWatches } from "./queue-watch.ts";

export interface Claim {
  worker: string;
  max: number;
  waitMs: number;
  leaseMs: number;
  historyLimit: number;
}

export interface Lease {
  runId: number;
  leaseToken: string;
}

export interface LeaseStatus {
  leaseUntil: Date;
  deadlineAt: Date;
  cancelRequested: boolean;
}

/** The worker's side of a run. Every report carries the lease token of its claim. */
export function createWorkerService(deps: ServiceDeps, watches: QueueWatches) {
  const { queries, hints, log, settings, shutdown } = deps;

  /** Why a report did not fit the run: gone, ended, or leased to somebody else. */
  const refuse = async ({ runId, leaseToken }: Lease): Promise<never> => {
    const run = await queries.findReportedRun(runId);
    if (run === undefined) throw new DomainError("run_not_found");
    const ended = run.state !== "queued" && run.state !== "running";
    log.warn({ event: "report_refused", run_id: runId, state: run.state }, `A report for run ${runId} was refused`);
    throw new DomainError(ended && run.leaseToken === leaseToken ? "run_ended" : "lease_lost");
  };

  const reportClaimed = (worker: string, { runId, attempt }: ClaimedRun): void => {
    log.info({ event: "run_claimed", run_id: runId, attempt, worker }, `Run ${runId} is claimed by ${worker}`);
  };

  const giveBack = async (claimed: ClaimedRun[]): Promise<ClaimedRun[]> => {
    for (const run of claimed) {
      await queries.releaseRun(run);
      hints.publish("queue");
    }
    return [];
  };

  return {
    /**
     * Leases queued runs, waiting up to `waitMs` for the first. Returns an empty list when none came, and early when
     * the server begins to stop. Runs claimed for a worker that has left meanwhile are given back.
     */
    claim: async ({ waitMs, ...claim }: Claim, signal: AbortSignal | undefined): Promise<ClaimedRun[]> => {
      const until = performance.now() + waitMs;
      const gone = signal ? AbortSignal.any([signal, shutdown]) : shutdown;
      const watch = watches.open();
      try {
        for (;;) {
          const claimed = gone.aborted ? [] : await queries.claimRuns(claim);
          if (signal?.aborted) return await giveBack(claimed);
          claimed.forEach((run) => reportClaimed(claim.worker, run));
          if (claimed.length > 0 || gone.aborted || performance.now() >= until) return claimed;
          await watch.wait({ ms: until - performance.now(), signal: gone });
        }
      } finally {
        watch.close();
      }
    },

    /**
     * Extends the lease from now by `leaseMs`, never the deadline.
     *
     * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
     */
    heartbeat: async (lease: Lease, leaseMs: number): Promise<LeaseStatus> =>
      (await queries.extendLease({ ...lease, leaseMs })) ?? (await refuse(lease)),

    /**
     * Stores the answer and ends the run. A repeat with the same text is accepted and changes nothing.
     *
     * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
     */
    complete: async (lease: Lease, text: string, usage: Usage | null): Promise<void> => {
      const stored = await queries.completeRun({ ...lease, text, usage });
      if (stored !== undefined) {
        hints.publish(`dialog:${stored.dialogId}`);
        log.info({ event: "run_completed", run_id: lease.runId }, `Run ${lease.runId} is completed`);
        return;
      }
      const run = await queries.findReportedRun(lease.runId);
      const isRepeat = run?.state === "completed" && run.leaseToken === lease.leaseToken && run.answerText === text;
      if (!isRepeat) await refuse(lease);
    },

    /**
     * Reports that the run could not be answered; with `retry` it may be tried again.
     *
     * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
     */
    fail: async (
      lease: Lease,
      failure: { errorCode: string; errorMessage: string; retry: boolean },
    ): Promise<{ state: "queued" | "failed" }> => {
      const failed = await queries.failRun({ ...lease, ...failure, backoffMs: settings.retryBackoffMs });
      if (failed === undefined) return refuse(lease);
      const state = failed.state === "queued" ? "queued" : "failed";
      if (state === "failed") hints.publish(`dialog:${failed.dialogId}`);
      const fields = { event: "run_failed", run_id: lease.runId, attempt: failed.attempt, reason: failure.errorCode };
      log.warn({ ...fields, state }, `Attempt ${failed.attempt} at run ${lease.runId} failed: ${failure.errorCode}`);
      return { state };
    },

    /**
     * Gives the run back; the attempt does not count.
     *
     * @throws {DomainError} `run_not_found`, `run_ended`, `lease_lost`
     */
    release: async (lease: Lease): Promise<void> => {
      if ((await queries.releaseRun(lease)) === undefined) await refuse(lease);
      hints.publish("queue");
      log.info({ event: "run_released", run_id: lease.runId }, `Run ${lease.runId} is given back`);
    },
  };
}
