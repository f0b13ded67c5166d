import type { Statements } from "@deepbot/db";
import type { Notifier } from "@deepbot/live";
import type { Presence } from "../presence/presence.ts";
import { createSignal, type Signal } from "../shared/signal.ts";

/** A worker's place in the line for queued runs. */
export interface ClaimPlace {
  wait: Signal["wait"];
  /** Leaves the line. A wake-up that was not used goes to the next worker. */
  close: () => void;
}

/**
 * The workers that wait in this process. Each run that is offered wakes the one that has waited longest; fallback workers are
 * woken only while no other worker is there, at whatever server, and when the last one has left. Shutdown wakes all.
 */
export interface ClaimQueue {
  open: (options: { fallback: boolean }) => ClaimPlace;
  /** Wakes as many workers as there are runs to claim: for lost notifications, and for runs whose back-off is over. */
  poll: () => Promise<void>;
  /** How many workers wait in this process. */
  size: () => number;
}

/** Wakes the worker that has waited longest. */
function wakeFirst(waiting: Set<Signal>): void {
  const [first] = waiting;
  if (first === undefined) return;
  waiting.delete(first);
  first.set();
}

export function createClaimQueue(deps: {
  notifier: Notifier;
  statements: Pick<Statements, "countClaimableRuns">;
  presence: Pick<Presence, "needsFallback" | "onChange">;
  shutdown: AbortSignal;
}): ClaimQueue {
  const { notifier, statements, presence, shutdown } = deps;
  const line = new Set<Signal>();
  const fallbackLine = new Set<Signal>();

  const needsFallback = (): boolean => fallbackLine.size > 0 && presence.needsFallback();

  const wakeNext = (): void => {
    if (line.size > 0) wakeFirst(line);
    else if (needsFallback()) wakeFirst(fallbackLine);
  };

  const size = (): number => line.size + fallbackLine.size;

  const poll = async (): Promise<void> => {
    if (line.size === 0 && !needsFallback()) return;
    const claimable = await statements.countClaimableRuns(size());
    for (let woken = 0; woken < claimable; woken += 1) wakeNext();
  };
  // The next poll makes up for one that fails.
  const pollSoon = (): void => void poll().catch(() => {});

  notifier.takeWork({ isReady: () => line.size > 0 || needsFallback(), take: wakeNext });
  notifier.onGap(pollSoon);
  presence.onChange({ isWaiting: () => fallbackLine.size > 0, changed: pollSoon });
  // One listener for all workers: adding a listener to an abort signal searches those that it has.
  shutdown.addEventListener("abort", () => [...line, ...fallbackLine].forEach((worker) => worker.set()));

  return {
    open: ({ fallback }) => {
      const own = fallback ? fallbackLine : line;
      const woken = createSignal();
      own.add(woken);
      return {
        wait: (options) => {
          own.add(woken);
          return woken.wait(options);
        },
        close: () => {
          own.delete(woken);
          if (woken.consume()) notifier.offerWork();
        },
      };
    },
    poll,
    size,
  };
}
