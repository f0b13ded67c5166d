import type { Notifier, Topic, WorkTaker } from "./notifier.ts";

/** Notifications inside one process. None is ever lost. */
export function createMemoryNotifier(): Notifier {
  const callbacks = new Map<Topic, Set<() => void>>();
  let taker: WorkTaker | undefined;
  return {
    offerWork: (assistantId) => taker?.take(assistantId),
    takeWork: (given) => {
      taker = given;
    },
    publish: (topic) => {
      // A copy, because a callback may end its own subscription or another one.
      for (const callback of Array.from(callbacks.get(topic) ?? [])) callback();
    },
    publishElsewhere: () => {},
    subscribe: (topic, onNotification) => {
      const entry = (): void => onNotification();
      const set = callbacks.get(topic) ?? new Set();
      callbacks.set(topic, set.add(entry));
      return () => {
        set.delete(entry);
        if (set.size === 0 && callbacks.get(topic) === set) callbacks.delete(topic);
      };
    },
    onGap: () => () => {},
    close: async () => {},
  };
}
