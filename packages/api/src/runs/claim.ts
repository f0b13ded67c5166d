import type { ClaimedRun } from "@deepbot/db";
import type { FindServedAssistants } from "../assistants/served-assistants.ts";
import type { RunTransition } from "../events/events.ts";
import type { ServiceKey } from "../identity/service-key.ts";
import { fallbackHeadStartMs, type ClaimPlace, type ClaimQueue } from "../streaming/claim-queue.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

export interface Claim {
  key: ServiceKey;
  worker: string;
  /** Slugs; all assistants of the key if absent. */
  assistants: readonly string[] | undefined;
  max: number;
  waitMs: number;
  leaseMs: number;
  /** If not null, the lease ends this early unless a report confirms that the worker has the run. */
  confirmWithinMs: number | null;
  historyLimit: number;
  maxBytes: number;
  /** Takes runs only while no other worker waits for them. */
  fallback: boolean;
}

type ResolvedClaim = Omit<Claim, "key" | "assistants"> & { keyId: string; assistantIds: readonly number[] | null };

/** How often a process moves the clock of the queue. */
const clockIntervalMs = 250;

/**
 * Leases queued runs, waiting up to `waitMs` for the first. Returns an empty list when none came, and early when the server
 * begins to stop. Runs that were claimed for a worker that has left meanwhile are released.
 *
 * @throws {AppError} `assistant_refused`
 */
export type ClaimRuns = (claim: Claim, signal: AbortSignal | undefined) => Promise<ClaimedRun[]>;

function describeClaim(worker: string, run: ClaimedRun): RunTransition {
  const { runId, dialogId, userId: ownerId, assistantId, attempt, createdAt } = run;
  // Two clocks are compared here, which is good enough for a metric.
  const waitedMs = Math.max(0, Date.now() - createdAt.getTime());
  const facts = { worker, attempt, ...(attempt === 1 ? { waitedMs } : {}) };
  const ids = { runId, dialogId, ownerId, assistantId };
  return { kind: "run_transition", ...ids, from: "queued", to: "running", actor: "worker", facts };
}

export function createClaimRuns(
  deps: UseCaseDeps,
  { queue, findServedAssistants }: { queue: ClaimQueue; findServedAssistants: FindServedAssistants },
): ClaimRuns {
  const { statements, events, shutdown } = deps;

  const releaseAll = async (claimed: readonly ClaimedRun[]): Promise<void> => {
    for (const { runId, leaseToken, keyId, dialogId, assistantId, userId } of claimed) {
      if ((await statements.releaseRun({ runId, leaseToken, keyId })) === undefined) continue;
      const ids = { runId, dialogId, assistantId, ownerId: userId };
      events.emit({ kind: "run_transition", ...ids, from: "running", to: "queued", actor: "worker", facts: {} });
    }
  };

  let clockMovedAt = -Infinity;
  /** Leaves out of most claims what need not be in all of them. */
  const isClockDue = (): boolean => {
    const isDue = performance.now() - clockMovedAt >= clockIntervalMs;
    if (isDue) clockMovedAt = performance.now();
    return isDue;
  };

  const claimOrWait = async (
    { waitMs, fallback, ...claim }: ResolvedClaim,
    { place, signal }: { place: ClaimPlace; signal: AbortSignal | undefined },
  ): Promise<ClaimedRun[]> => {
    const until = performance.now() + waitMs;
    const isOver = (): boolean => shutdown.aborted || signal?.aborted === true;
    const minAgeMs = fallback ? fallbackHeadStartMs : 0;
    // Runs that were too young for a first fallback claim have been announced already: look again when they are old enough.
    let patienceMs = fallback ? fallbackHeadStartMs + 1 : Infinity;
    for (;;) {
      const claimed = isOver() ? [] : await statements.claimRuns({ ...claim, minAgeMs, movesClock: isClockDue() });
      claimed.forEach((run) => events.emit(describeClaim(claim.worker, run)));
      if (claimed.length > 0 || isOver() || performance.now() >= until) return claimed;
      await place.wait({ ms: Math.min(patienceMs, until - performance.now()), signal });
      patienceMs = Infinity;
    }
  };

  return async ({ key, assistants, ...others }, signal) => {
    const claim = { ...others, keyId: key.keyId, assistantIds: await findServedAssistants(key, assistants) };
    const place = queue.open(claim);
    try {
      const claimed = await claimOrWait(claim, { place, signal });
      if (signal?.aborted !== true) return claimed;
      await releaseAll(claimed);
      return [];
    } finally {
      place.close();
    }
  };
}
