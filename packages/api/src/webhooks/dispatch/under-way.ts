import { databaseErrorCode } from "@deepbot/db";
import type { Events } from "../../events/events.ts";

/** Work that goes on while nobody waits for it. */
export interface UnderWay {
  add: (work: Promise<void>) => void;
  /** Waits until none is left. */
  whenDone: () => Promise<void>;
}

/** Tells that work failed, as of a loop. */
export function createReportFailure(loop: string, events: Pick<Events, "emit">): (error: unknown) => void {
  return (error) => {
    const reason = databaseErrorCode(error) ?? (error instanceof Error ? error.name : "unknown");
    events.emit({ kind: "loop_failed", loop, reason });
  };
}

export function createUnderWay({ onError, onEnd }: { onError: (error: unknown) => void; onEnd: () => void }): UnderWay {
  const works = new Set<Promise<void>>();
  return {
    add: (work) => {
      const ended = work.catch(onError).finally(() => {
        works.delete(ended);
        onEnd();
      });
      works.add(ended);
    },
    whenDone: async () => {
      while (works.size > 0) await Promise.all(works);
    },
  };
}

/** A job that runs once at a time. Calls while it runs make it run once more, and return at once. */
export function createCoalesced(job: () => Promise<void>): () => Promise<void> {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await job();
      }
    } finally {
      running = false;
    }
  };
}
