import type { Hints, Topic } from "./hints.ts";

/** Hints inside one process. */
export function createMemoryHints(): Hints {
  const listeners = new Map<Topic, Set<() => void>>();
  return {
    publish: (topic) => {
      for (const onHint of [...(listeners.get(topic) ?? [])]) onHint();
    },
    subscribe: (topic, onHint) => {
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set.add(onHint));
      return () => {
        set.delete(onHint);
        if (set.size === 0 && listeners.get(topic) === set) listeners.delete(topic);
      };
    },
  };
}
