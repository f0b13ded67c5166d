import type { Statements } from "@deepbot/db";
import { isReadyFor, type Notifier } from "@deepbot/live";
import { createSignal, type Signal } from "../shared/signal.ts";
import { createWaitingLine, type WaitingWorker } from "./waiting-line.ts";

/** How long a run is left to other workers before a fallback worker can claim it. */
export const fallbackHeadStartMs = 200;

/** A worker's place in the line for queued runs. */
export interface ClaimPlace {
  wait: Signal["wait"];
  /** Leaves the line. A wake-up that was not used goes to the next worker. */
  close: () => void;
}

/**
 * The workers that wait in this process. Each run that is offered wakes the one that has waited longest for runs of its
 * assistant; fallback workers are woken only while no other worker waits for them. Shutdown wakes all.
 */
export interface ClaimQueue {
  open: (options: { fallback: boolean; assistantIds: readonly number[] | null }) => ClaimPlace;
  /** Wakes as many workers as there are runs to claim: for lost notifications, and for runs whose back-off is over. */
  poll: () => Promise<void>;
  /** How many workers wait in this process. */
  size: () => number;
  /** Whether a worker waits in this process for runs of the assistant. */
  isAwaited: (assistantId: number) => boolean;
}

export function createClaimQueue(deps: {
  notifier: Notifier;
  statements: Pick<Statements, "countClaimableRuns">;
  shutdown: AbortSignal;
}): ClaimQueue {
  const { notifier, statements, shutdown } = deps;
  const line = createWaitingLine();
  const fallbackLine = createWaitingLine();

  const wakeNext = (assistantId: number): void => {
    if (line.wakeFirst(assistantId)) return;
    // A fallback worker that wakes earlier finds nothing that it may claim.
    const wakeFallback = (): void => void fallbackLine.wakeFirst(assistantId);
    if (fallbackLine.size() > 0) setTimeout(wakeFallback, fallbackHeadStartMs + 1).unref();
  };

  const size = (): number => line.size() + fallbackLine.size();

  const poll = async (): Promise<void> => {
    if (size() === 0) return;
    for (const { assistantId, runs } of await statements.countClaimableRuns(size())) {
      let toWake = runs;
      while (toWake > 0 && (line.wakeFirst(assistantId) || fallbackLine.wakeFirst(assistantId))) toWake -= 1;
    }
  };

  notifier.takeWork({ readiness: line.readiness, take: wakeNext });
  // The next poll makes up for one that fails.
  notifier.onGap(() => void poll().catch(() => {}));
  // One listener for all workers: adding a listener to an abort signal searches those that it has.
  shutdown.addEventListener("abort", () => [line, fallbackLine].forEach((each) => each.wakeAll()));

  return {
    open: ({ fallback, assistantIds }) => {
      const own = fallback ? fallbackLine : line;
      const worker: WaitingWorker = { assistantIds, woken: createSignal() };
      own.add(worker);
      return {
        wait: (options) => {
          own.add(worker);
          return worker.woken.wait(options);
        },
        close: () => {
          own.remove(worker);
          if (worker.woken.consume() && worker.wokenFor !== undefined) notifier.offerWork(worker.wokenFor);
        },
      };
    },
    poll,
    size,
    isAwaited: (assistantId) => [line, fallbackLine].some(({ readiness }) => isReadyFor(readiness(), assistantId)),
  };
}
