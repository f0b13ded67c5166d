import type { ClaimedRun } from "@deepbot/db";
import type { ServiceDeps } from "./deps.ts";
import type { QueueWatches } from "./queue-watch.ts";

export interface Claim {
  worker: string;
  max: number;
  waitMs: number;
  leaseMs: number;
  historyLimit: number;
}

/**
 * Leases queued runs, waiting up to `waitMs` for the first. Returns an empty list when none came, and early when
 * the server begins to stop. Runs claimed for a worker that has left meanwhile are given back.
 */
export type ClaimRuns = (claim: Claim, signal: AbortSignal | undefined) => Promise<ClaimedRun[]>;

export function createClaimRuns({ queries, hints, log, shutdown }: ServiceDeps, watches: QueueWatches): ClaimRuns {
  const reportClaimed = (worker: string, { runId, attempt }: ClaimedRun): void => {
    hints.publish(`run:${runId}`);
    log.info({ event: "run_claimed", run_id: runId, attempt, worker }, `Run ${runId} is claimed by ${worker}`);
  };

  const giveBack = async (claimed: ClaimedRun[]): Promise<ClaimedRun[]> => {
    for (const run of claimed) {
      await queries.releaseRun(run);
      hints.publish("queue");
    }
    return [];
  };

  return async ({ waitMs, ...claim }, signal) => {
    const until = performance.now() + waitMs;
    const isOver = (): boolean => shutdown.aborted || signal?.aborted === true;
    const watch = watches.open();
    try {
      for (;;) {
        const claimed = isOver() ? [] : await queries.claimRuns(claim);
        if (signal?.aborted) return await giveBack(claimed);
        claimed.forEach((run) => reportClaimed(claim.worker, run));
        if (claimed.length > 0 || isOver() || performance.now() >= until) return claimed;
        await watch.wait({ ms: until - performance.now(), signal });
      }
    } finally {
      watch.close();
    }
  };
}
