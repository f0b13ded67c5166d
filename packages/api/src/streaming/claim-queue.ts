import type { Statements } from "@deepbot/db";
import type { Notifier, Readiness } from "@deepbot/live";
import type { Presence } from "../presence/presence.ts";
import type { ServedAssistants } from "../presence/served.ts";
import { createSignal, type Signal } from "../shared/signal.ts";
import { createWaitingLine, type WaitingLine, type WaitingWorker } from "./waiting-line.ts";

/** A worker's place in the line for queued runs. */
export interface ClaimPlace {
  wait: Signal["wait"];
  /** Leaves the line. A wake-up that was not used goes to the next worker. */
  close: () => void;
}

/**
 * The workers that wait in this process. Each run that is offered wakes the one that has waited longest for runs of its
 * assistant; fallback workers are woken only while no other worker serves that, at whatever server, and when the last one has
 * left. Shutdown wakes all.
 */
export interface ClaimQueue {
  open: (options: { fallback: boolean; assistantIds: readonly number[] | null }) => ClaimPlace;
  /** Wakes as many workers as there are runs to claim: for lost notifications, and for runs whose back-off is over. */
  poll: () => Promise<void>;
  /** How many workers wait in this process. */
  size: () => number;
}

/** Whether the runs of an assistant are left to fallback workers. */
function isLeft(others: ServedAssistants, assistantId: number): boolean {
  return others !== "all" && !others.includes(assistantId);
}

/**
 * The assistants whose runs fallback workers are ready for. Workers of all assistants name none while others serve some:
 * offers find them anyway.
 */
function leftOf({ all, assistantIds }: Readiness, others: ServedAssistants): Readiness {
  return {
    all: all && others.length === 0,
    assistantIds: new Set([...assistantIds].filter((assistantId) => isLeft(others, assistantId))),
  };
}

function bothOf(one: Readiness, other: Readiness): Readiness {
  return { all: one.all || other.all, assistantIds: new Set([...one.assistantIds, ...other.assistantIds]) };
}

/** Puts a worker at the end of a line. */
function joinLine(line: WaitingLine, assistantIds: readonly number[] | null, notifier: Notifier): ClaimPlace {
  const worker: WaitingWorker = { assistantIds, woken: createSignal() };
  line.add(worker);
  return {
    wait: (options) => {
      line.add(worker);
      return worker.woken.wait(options);
    },
    close: () => {
      line.remove(worker);
      if (worker.woken.consume() && worker.wokenFor !== undefined) notifier.offerWork(worker.wokenFor);
    },
  };
}

export function createClaimQueue(deps: {
  notifier: Notifier;
  statements: Pick<Statements, "countClaimableRuns">;
  presence: Pick<Presence, "knownOthers" | "onChange">;
  shutdown: AbortSignal;
}): ClaimQueue {
  const { notifier, statements, presence, shutdown } = deps;
  const line = createWaitingLine();
  const fallbackLine = createWaitingLine();

  const wakeNext = (assistantId: number): void => {
    if (line.wakeFirst(assistantId)) return;
    if (fallbackLine.size() > 0 && isLeft(presence.knownOthers(), assistantId)) fallbackLine.wakeFirst(assistantId);
  };

  const size = (): number => line.size() + fallbackLine.size();

  const poll = async (): Promise<void> => {
    const isFallbackIdle = fallbackLine.size() === 0 || presence.knownOthers() === "all";
    if (line.size() === 0 && isFallbackIdle) return;
    for (const { assistantId, runs } of await statements.countClaimableRuns(size())) {
      for (let woken = 0; woken < runs; woken += 1) wakeNext(assistantId);
    }
  };
  // The next poll makes up for one that fails.
  const pollSoon = (): void => void poll().catch(() => {});

  const readiness = (): Readiness =>
    fallbackLine.size() === 0
      ? line.readiness()
      : bothOf(line.readiness(), leftOf(fallbackLine.readiness(), presence.knownOthers()));

  notifier.takeWork({ readiness, take: wakeNext });
  notifier.onGap(pollSoon);
  presence.onChange({ isWaiting: () => fallbackLine.size() > 0, changed: pollSoon });
  // One listener for all workers: adding a listener to an abort signal searches those that it has.
  shutdown.addEventListener("abort", () => [line, fallbackLine].forEach((each) => each.wakeAll()));

  return {
    open: ({ fallback, assistantIds }) => joinLine(fallback ? fallbackLine : line, assistantIds, notifier),
    poll,
    size,
  };
}
