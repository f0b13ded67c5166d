import type { Statements } from "@deepbot/db";
import type { Notifier } from "@deepbot/live";
import { createSignal, type Signal } from "../shared/signal.ts";

/** One caller's interest in the run of a dialog. */
export interface AnswerWait extends Pick<Signal, "wait"> {
  /** Names the run: from now on the fallback poll covers it, and its answer is delivered locally. */
  follow: (runId: number) => void;
  /** Ends the wait that is going on, or the next one. */
  wake: () => void;
  /** The answer of the followed run, if it was delivered locally. */
  answer: () => string | undefined;
  close: () => void;
}

/**
 * Everybody in this process who waits for the end of a run. A notification wakes them at once; a fallback poll asks about all
 * their runs in one statement, for notifications that were lost. Waiting itself costs no statement. Shutdown wakes all.
 */
export interface AnswerWaits {
  /** Open it before the statement whose effect is awaited, so that no notification is missed. */
  open: (dialogId: number) => AnswerWait;
  /** Hands over an answer that was stored in this process. Call it before the notification. */
  deliverLocally: (runId: number, answer: string) => void;
  poll: () => Promise<void>;
}

interface Waiter {
  changed: Signal;
  runId?: number;
  answer?: string;
}

export function createAnswerWaits(deps: {
  notifier: Notifier;
  statements: Pick<Statements, "listClosedRuns">;
  shutdown: AbortSignal;
}): AnswerWaits {
  const { notifier, statements, shutdown } = deps;
  const waiters = new Set<Waiter>();
  const byRun = new Map<number, Set<Waiter>>();

  const forget = (waiter: Waiter): void => {
    waiters.delete(waiter);
    if (waiter.runId === undefined) return;
    const followers = byRun.get(waiter.runId);
    followers?.delete(waiter);
    if (followers?.size === 0) byRun.delete(waiter.runId);
  };

  const poll = async (): Promise<void> => {
    if (byRun.size === 0) return;
    for (const runId of await statements.listClosedRuns([...byRun.keys()])) {
      for (const { changed } of byRun.get(runId) ?? []) changed.set();
    }
  };

  // The next poll makes up for one that fails.
  notifier.onGap(() => void poll().catch(() => {}));
  // One listener for all waiters: adding a listener to an abort signal searches those that it has.
  shutdown.addEventListener("abort", () => waiters.forEach(({ changed }) => changed.set()));

  return {
    open: (dialogId) => {
      const waiter: Waiter = { changed: createSignal() };
      waiters.add(waiter);
      if (shutdown.aborted) waiter.changed.set();
      const unsubscribe = notifier.subscribe(`dialog:${dialogId}`, waiter.changed.set);
      return {
        wait: waiter.changed.wait,
        wake: waiter.changed.set,
        follow: (runId) => {
          waiter.runId = runId;
          byRun.set(runId, (byRun.get(runId) ?? new Set()).add(waiter));
        },
        answer: () => waiter.answer,
        close: () => {
          unsubscribe();
          forget(waiter);
        },
      };
    },
    deliverLocally: (runId, answer) => {
      for (const waiter of byRun.get(runId) ?? []) waiter.answer = answer;
    },
    poll,
  };
}
