import type { Hints, Queries } from "@deepbot/db";
import { createLatch, type Latch } from "./latch.ts";

/** Somebody's interest in one dialog's run. */
export interface RunWatch extends Latch {
  /** From now on the slow look covers this run too. */
  follow: (runId: number) => void;
  close: () => void;
}

/**
 * All who wait for the end of a run in this process. A hint wakes them at once; for hints that got lost, one query per
 * slow look asks for all runs together. Waiting costs no query of its own.
 */
export interface RunWatches {
  /** Open it before the statement whose effect is awaited, so that no hint falls in between. */
  open: (dialogId: number) => RunWatch;
  /** One look for everybody. */
  look: () => Promise<void>;
}

export function createRunWatches({ hints, queries }: { hints: Hints; queries: Queries }): RunWatches {
  const followed = new Map<number, Set<Latch>>();

  const forget = (runId: number, latch: Latch): void => {
    const latches = followed.get(runId);
    latches?.delete(latch);
    if (latches?.size === 0) followed.delete(runId);
  };

  const look = async (): Promise<void> => {
    if (followed.size === 0) return;
    for (const runId of await queries.listClosedRuns([...followed.keys()])) {
      for (const latch of followed.get(runId) ?? []) latch.ring();
    }
  };

  // A look that fails is made up for by the next.
  hints.onGap(() => void look().catch(() => {}));

  return {
    open: (dialogId) => {
      const latch = createLatch();
      const unsubscribe = hints.subscribe(`dialog:${dialogId}`, latch.ring);
      let following: number | undefined;
      return {
        ...latch,
        follow: (runId) => {
          following = runId;
          followed.set(runId, (followed.get(runId) ?? new Set()).add(latch));
        },
        close: () => {
          unsubscribe();
          if (following !== undefined) forget(following, latch);
        },
      };
    },
    look,
  };
}
