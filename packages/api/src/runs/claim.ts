import type { ClaimedRun } from "@deepbot/db";
import type { ServiceKey } from "../identity/service-key.ts";
import type { Presence } from "../presence/presence.ts";
import type { ClaimPlace, ClaimQueue } from "../streaming/claim-queue.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

export interface Claim {
  key: ServiceKey;
  worker: string;
  max: number;
  waitMs: number;
  leaseMs: number;
  /** If not null, the lease ends this early unless a report confirms that the worker has the run. */
  confirmWithinMs: number | null;
  historyLimit: number;
  maxBytes: number;
  /** Takes runs of an assistant only while no other worker serves it. */
  fallback: boolean;
  /** How many runs the worker says that it answers at once. */
  capacity: number | null;
}

/** How often a process moves the clock of the queue. */
const clockIntervalMs = 250;

async function releaseAll(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  claimed: readonly ClaimedRun[],
): Promise<void> {
  for (const { runId, leaseToken, dialogId, userId } of claimed) {
    if ((await statements.releaseRun({ runId, leaseToken })) === undefined) continue;
    const ids = { runId, dialogId, ownerId: userId };
    events.emit({ kind: "run_transition", ...ids, from: "running", to: "queued", actor: "worker", facts: {} });
  }
}

/** Says now and then that a claim is to move the clock: what need not be in all of them. */
function createClockTurns(): () => boolean {
  let movedAt = -Infinity;
  return () => {
    const isDue = performance.now() - movedAt >= clockIntervalMs;
    if (isDue) movedAt = performance.now();
    return isDue;
  };
}

/**
 * Leases queued runs, waiting up to `waitMs` for the first. Returns an empty list when none came, and early when the server
 * begins to stop. Runs that were claimed for a worker that has left meanwhile are released.
 */
export type ClaimRuns = (claim: Claim, signal: AbortSignal | undefined) => Promise<ClaimedRun[]>;

export function createClaimRuns(
  deps: UseCaseDeps,
  { queue, presence }: { queue: ClaimQueue; presence: Presence },
): ClaimRuns {
  const { statements, events, shutdown } = deps;

  const emitClaimed = (worker: string, { runId, dialogId, userId, attempt, createdAt }: ClaimedRun): void => {
    const ids = { runId, dialogId, ownerId: userId };
    // Two clocks are compared here, which is good enough for a metric.
    const waitedMs = Math.max(0, Date.now() - createdAt.getTime());
    const facts = { worker, attempt, ...(attempt === 1 ? { waitedMs } : {}) };
    events.emit({ kind: "run_transition", ...ids, from: "queued", to: "running", actor: "worker", facts });
  };

  const isClockDue = createClockTurns();
  const claimNow = async ({ key, fallback, ...claim }: Claim): Promise<ClaimedRun[]> => {
    const others = fallback ? await presence.servedByOthers() : [];
    if (others === "all") return [];
    const claimed = await statements.claimRuns({ ...claim, exceptAssistantIds: others, movesClock: isClockDue() });
    for (const run of claimed) {
      presence.gave({ keyId: key.keyId, name: claim.worker }, run.runId);
      emitClaimed(claim.worker, run);
    }
    return claimed;
  };

  const claimOrWait = async (
    claim: Claim,
    { place, signal }: { place: ClaimPlace; signal: AbortSignal | undefined },
  ): Promise<ClaimedRun[]> => {
    const until = performance.now() + claim.waitMs;
    const isOver = (): boolean => shutdown.aborted || signal?.aborted === true;
    for (;;) {
      const claimed = isOver() ? [] : await claimNow(claim);
      if (claimed.length > 0 || isOver() || performance.now() >= until) return claimed;
      await place.wait({ ms: until - performance.now(), signal });
    }
  };

  return async (claim, signal) => {
    const { key, worker: name, capacity, fallback } = claim;
    const place = queue.open(claim);
    const leave = presence.poll({ keyId: key.keyId, name, capacity, assistantIds: key.assistantIds, fallback });
    try {
      const claimed = await claimOrWait(claim, { place, signal });
      if (signal?.aborted !== true) return claimed;
      await releaseAll(deps, claimed);
      return [];
    } finally {
      place.close();
      leave();
    }
  };
}
