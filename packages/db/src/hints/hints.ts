/** What a hint is about: a dialog whose run changed, or the queue of runs that wait for a worker. */
export type Topic = `dialog:${number}` | "queue";

/**
 * "Look again": a hint may be lost, delayed or repeated without harm, because whoever gets one reads the database, and
 * whoever gets none is served by a slow timer.
 */
export interface Hints {
  /** Call straight after the commit. */
  publish: (topic: Topic) => void;
  /** @returns the function that ends the subscription */
  subscribe: (topic: Topic, onHint: () => void) => () => void;
}
