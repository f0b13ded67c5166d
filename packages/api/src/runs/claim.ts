import { limits } from "@deepbot/contract";
import type { ClaimedRun } from "@deepbot/db";
import type { FindServedAssistants } from "../assistants/served-assistants.ts";
import type { RunTransition } from "../events/events.ts";
import type { ServiceKey } from "../identity/service-key.ts";
import type { Presence } from "../presence/presence.ts";
import type { ServedAssistants } from "../presence/served.ts";
import type { ClaimPlace, ClaimQueue } from "../streaming/claim-queue.ts";
import type { ConcurrencyLimiter } from "../shared/concurrency-limiter.ts";
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
  /** Takes runs of an assistant only while no other worker serves it. */
  fallback: boolean;
  /** How many runs the worker says that it answers at once. */
  capacity: number | null;
}

type ResolvedClaim = Omit<Claim, "key" | "assistants"> & { keyId: string; assistantIds: readonly number[] | null };

/** How much history each run of a claim may bring: the `max` runs that it may get share the bytes of one claim. */
export function historyBytesOf({ max, maxBytes }: Pick<Claim, "max" | "maxBytes">): number {
  return Math.min(maxBytes, Math.floor(limits.claimMaxBytes / max));
}

/** How often a process moves the clock of the queue. */
const clockIntervalMs = 250;

async function releaseAll(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  claimed: readonly ClaimedRun[],
): Promise<void> {
  for (const { runId, leaseToken, keyId, dialogId, assistantId, userId } of claimed) {
    if ((await statements.releaseRun({ runId, leaseToken, keyId })) === undefined) continue;
    const ids = { runId, dialogId, assistantId, ownerId: userId };
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
 *
 * @throws {AppError} `assistant_refused`, `too_many_claims`
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

/** What a fallback worker may claim: nothing of assistants that other workers serve. Undefined if nothing is left. */
function leaveToOthers(
  assistantIds: readonly number[] | null,
  others: ServedAssistants,
): (Pick<ResolvedClaim, "assistantIds"> & { exceptAssistantIds: readonly number[] }) | undefined {
  if (others === "all") return undefined;
  if (assistantIds === null) return { assistantIds, exceptAssistantIds: others };
  const left = assistantIds.filter((assistantId) => !others.includes(assistantId));
  return left.length === 0 ? undefined : { assistantIds: left, exceptAssistantIds: [] };
}

/** Claims without a wait. */
function createClaimNow({ statements, events }: Pick<UseCaseDeps, "statements" | "events">, presence: Presence) {
  const isClockDue = createClockTurns();
  return async ({ fallback, ...claim }: ResolvedClaim): Promise<ClaimedRun[]> => {
    const wanted = leaveToOthers(claim.assistantIds, fallback ? await presence.servedByOthers() : []);
    if (wanted === undefined) return [];
    const claimed = await statements.claimRuns({ ...claim, ...wanted, movesClock: isClockDue() });
    for (const run of claimed) {
      presence.gave({ keyId: claim.keyId, name: claim.worker }, run.runId);
      events.emit(describeClaim(claim.worker, run));
    }
    return claimed;
  };
}

export function createClaimRuns(
  deps: UseCaseDeps,
  parts: {
    queue: ClaimQueue;
    findServedAssistants: FindServedAssistants;
    presence: Presence;
    limiter: ConcurrencyLimiter<string>;
  },
): ClaimRuns {
  const { shutdown } = deps;
  const { queue, findServedAssistants, presence, limiter } = parts;

  const claimNow = createClaimNow(deps, presence);
  const claimOrWait = async (
    claim: ResolvedClaim,
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

  const claimOnce = async ({ key, assistants, ...others }: Claim, signal: AbortSignal | undefined) => {
    const assistantIds = await findServedAssistants(key, assistants);
    const claim = { ...others, keyId: key.keyId, assistantIds, maxBytes: historyBytesOf(others) };
    const place = queue.open(claim);
    const { keyId, worker: name, capacity, fallback } = claim;
    const leave = presence.poll({ keyId, name, capacity, assistantIds, fallback });
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

  return async (claim, signal) => {
    const release = limiter.acquire(claim.key.keyId);
    return claimOnce(claim, signal).finally(release);
  };
}
