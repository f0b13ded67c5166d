import type { Hints, Queries } from "@deepbot/db";
import { createLatch, type Latch } from "./latch.ts";

/** A worker's place in the line for queued runs. */
export interface QueueWatch {
  wait: Latch["wait"];
  /** Leaves the line; a ring that was not used goes to the next in it. */
  close: () => void;
}

/** The workers that wait in this process: each hint wakes one, the one that has waited longest; the begin of a stop wakes all. */
export interface QueueWatches {
  open: () => QueueWatch;
  /** Wakes as many as there are runs to claim: for hints that got lost, and for runs whose back-off is over. */
  look: () => Promise<void>;
}

export function createQueueWatches(deps: { hints: Hints; queries: Queries; shutdown: AbortSignal }): QueueWatches {
  const { hints, queries, shutdown } = deps;
  const line = new Set<Latch>();

  const wakeNext = (): void => {
    const [next] = line;
    if (next === undefined) return;
    line.delete(next);
    next.ring();
  };

  const look = async (): Promise<void> => {
    if (line.size === 0) return;
    const claimable = await queries.countClaimableRuns(line.size);
    for (let woken = 0; woken < claimable; woken += 1) wakeNext();
  };

  hints.subscribe("queue", wakeNext);
  // A look that fails is made up for by the next.
  hints.onGap(() => void look().catch(() => {}));
  // One listener for all: a signal looks through its listeners at each that is added.
  shutdown.addEventListener("abort", () => line.forEach((latch) => latch.ring()));

  return {
    open: () => {
      const latch = createLatch();
      line.add(latch);
      return {
        wait: (options) => {
          line.add(latch);
          return latch.wait(options);
        },
        close: () => {
          line.delete(latch);
          if (latch.take()) wakeNext();
        },
      };
    },
    look,
  };
}
