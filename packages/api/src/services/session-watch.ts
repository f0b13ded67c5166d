import type { Hints, Queries } from "@deepbot/db";

/** Sessions that something goes on under for longer than a request. */
export interface SessionWatches {
  /** @returns the function that ends the watch */
  open: (sessionId: string, onEnd: () => void) => () => void;
  /** One statement for all of them, for ends that no hint told of. */
  look: () => Promise<void>;
}

export function createSessionWatches({ hints, queries }: { hints: Hints; queries: Queries }): SessionWatches {
  const watched = new Map<string, Set<() => void>>();

  const check = async (sessionIds: string[]): Promise<void> => {
    if (sessionIds.length === 0) return;
    for (const sessionId of await queries.listEndedSessions(sessionIds)) {
      for (const onEnd of Array.from(watched.get(sessionId) ?? [])) onEnd();
    }
  };

  return {
    open: (sessionId, onEnd) => {
      const callbacks = watched.get(sessionId) ?? new Set();
      watched.set(sessionId, callbacks.add(onEnd));
      // A check that fails is made up for by the next look.
      const unsubscribe = hints.subscribe(`session:${sessionId}`, () => void check([sessionId]).catch(() => {}));
      return () => {
        unsubscribe();
        callbacks.delete(onEnd);
        if (callbacks.size === 0 && watched.get(sessionId) === callbacks) watched.delete(sessionId);
      };
    },
    look: () => check([...watched.keys()]),
  };
}
