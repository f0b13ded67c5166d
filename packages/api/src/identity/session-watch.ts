import type { Statements } from "@deepbot/db";
import type { Notifier } from "@deepbot/live";

/** Sessions with long-lived streams. */
export interface SessionWatches {
  /** @returns the function that stops watching */
  open: (sessionId: string, onEnd: () => void) => () => void;
  /** One statement for all of them, for ends whose notification was lost. */
  poll: () => Promise<void>;
}

export function createSessionWatches(deps: {
  notifier: Notifier;
  statements: Pick<Statements, "listEndedSessions">;
}): SessionWatches {
  const watched = new Map<string, Set<() => void>>();

  const check = async (sessionIds: string[]): Promise<void> => {
    if (sessionIds.length === 0) return;
    for (const sessionId of await deps.statements.listEndedSessions(sessionIds)) {
      for (const onEnd of Array.from(watched.get(sessionId) ?? [])) onEnd();
    }
  };

  return {
    open: (sessionId, onEnd) => {
      const callbacks = watched.get(sessionId) ?? new Set();
      watched.set(sessionId, callbacks.add(onEnd));
      // The next poll makes up for a check that fails.
      const onNotification = (): void => void check([sessionId]).catch(() => {});
      const unsubscribe = deps.notifier.subscribe(`session:${sessionId}`, onNotification);
      return () => {
        unsubscribe();
        callbacks.delete(onEnd);
        if (callbacks.size === 0 && watched.get(sessionId) === callbacks) watched.delete(sessionId);
      };
    },
    poll: () => check([...watched.keys()]),
  };
}
