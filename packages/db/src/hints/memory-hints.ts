import type { Hints, Topic } from "./hints.ts";
import { createListeners } from "./listeners.ts";

/** Hints inside one process. None is ever lost. */
export function createMemoryHints(): Hints {
  const listeners = createListeners<Topic>();
  return {
    publish: listeners.call,
    publishElsewhere: () => {},
    subscribe: listeners.add,
    onGap: () => () => {},
    close: async () => {},
  };
}
