import type { Readiness } from "@deepbot/live";
import type { Signal } from "../shared/signal.ts";

/** A worker that claims or waits. */
export interface WaitingWorker {
  /** Whose runs it takes; null means those of all assistants. */
  assistantIds: readonly number[] | null;
  woken: Signal;
  /** The assistant whose run it was woken for last. */
  wokenFor?: number;
}

/** The workers that wait in this process, in the order in which they came. */
export interface WaitingLine {
  add: (worker: WaitingWorker) => void;
  remove: (worker: WaitingWorker) => void;
  /** Wakes the worker that has waited longest for a run of the assistant. Returns whether there is one. */
  wakeFirst: (assistantId: number) => boolean;
  wakeAll: () => void;
  /** Of whose runs some worker waits. */
  readiness: () => Readiness;
  size: () => number;
}

function serves({ assistantIds }: WaitingWorker, assistantId: number): boolean {
  return assistantIds === null || assistantIds.includes(assistantId);
}

export function createWaitingLine(): WaitingLine {
  const line = new Set<WaitingWorker>();
  /** How many workers wait for runs of each assistant, and for those of all. */
  const counts = new Map<number | "all", number>();

  const count = ({ assistantIds }: WaitingWorker, step: 1 | -1): void => {
    for (const key of assistantIds ?? (["all"] as const)) {
      const total = (counts.get(key) ?? 0) + step;
      if (total === 0) counts.delete(key);
      else counts.set(key, total);
    }
  };
  const remove = (worker: WaitingWorker): void => {
    if (line.delete(worker)) count(worker, -1);
  };
  return {
    add: (worker) => {
      if (line.has(worker)) return;
      line.add(worker);
      count(worker, 1);
    },
    remove,
    wakeFirst: (assistantId) => {
      if (!counts.has("all") && !counts.has(assistantId)) return false;
      for (const worker of line) {
        if (!serves(worker, assistantId)) continue;
        remove(worker);
        worker.wokenFor = assistantId;
        worker.woken.set();
        return true;
      }
      return false;
    },
    wakeAll: () => line.forEach(({ woken }) => woken.set()),
    readiness: () => ({
      all: counts.has("all"),
      assistantIds: new Set([...counts.keys()].filter((key) => key !== "all")),
    }),
    size: () => line.size,
  };
}
