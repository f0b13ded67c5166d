import type { Hints, Queries } from "@deepbot/db";
import { createLatch, type Latch } from "./latch.ts";

/** Somebody's interest in one dialog's run. */
export interface RunWatch extends Pick<Latch, "wait"> {
  /** From now on the slow look covers this run too, and its answer is handed over when it is stored in this process. */
  follow: (runId: number) => void;
  /** The answer of the run that is followed, if it was handed over. */
  answer: () => string | undefined;
  close: () => void;
}

/**
 * All who wait for the end of a run in this process. A hint wakes them at once; for hints that got lost, one query per
 * slow look asks for all runs together. Waiting costs no query of its own. The begin of a stop wakes everybody.
 */
export interface RunWatches {
  /** Open it before the statement whose effect is awaited, so that no hint falls in between. */
  open: (dialogId: number) => RunWatch;
  /** Hands over an answer that has just been stored, so that who waits for it here need not read it. Call before the hint. */
  handOver: (runId: number, answer: string) => void;
  /** One look for everybody. */
  look: () => Promise<void>;
}

interface Waiter {
  latch: Latch;
  runId?: number;
  answer?: string;
}

export function createRunWatches(deps: { hints: Hints; queries: Queries; shutdown: AbortSignal }): RunWatches {
  const { hints, queries, shutdown } = deps;
  const waiters = new Set<Waiter>();
  const followed = new Map<number, Set<Waiter>>();

  const forget = (waiter: Waiter): void => {
    waiters.delete(waiter);
    if (waiter.runId === undefined) return;
    const followers = followed.get(waiter.runId);
    followers?.delete(waiter);
    if (followers?.size === 0) followed.delete(waiter.runId);
  };

  const look = async (): Promise<void> => {
    if (followed.size === 0) return;
    for (const runId of await queries.listClosedRuns([...followed.keys()])) {
      for (const { latch } of followed.get(runId) ?? []) latch.ring();
    }
  };

  // A look that fails is made up for by the next.
  hints.onGap(() => void look().catch(() => {}));
  // One listener for all: a signal looks through its listeners at each that is added.
  shutdown.addEventListener("abort", () => waiters.forEach(({ latch }) => latch.ring()));

  return {
    open: (dialogId) => {
      const waiter: Waiter = { latch: createLatch() };
      waiters.add(waiter);
      // The begin of the stop may have been before this.
      if (shutdown.aborted) waiter.latch.ring();
      const unsubscribe = hints.subscribe(`dialog:${dialogId}`, waiter.latch.ring);
      return {
        wait: waiter.latch.wait,
        follow: (runId) => {
          waiter.runId = runId;
          followed.set(runId, (followed.get(runId) ?? new Set()).add(waiter));
        },
        answer: () => waiter.answer,
        close: () => {
          unsubscribe();
          forget(waiter);
        },
      };
    },
    handOver: (runId, answer) => {
      for (const waiter of followed.get(runId) ?? []) waiter.answer = answer;
    },
    look,
  };
}
