/**
 * What a hint is about: a dialog whose run changed, a run that said more, a session that ended, or the queue of runs that
 * wait for a worker.
 */
export type Topic = `dialog:${number}` | `run:${number}` | `session:${string}` | "queue";

/**
 * "Look again": a hint may be lost, delayed or repeated without harm, because whoever gets one reads the database, and
 * whoever gets none is served by a slow timer.
 */
export interface Hints {
  /** Tells every subscriber, in this process at once, in others soon. Call straight after the commit. */
  publish: (topic: Topic) => void;
  /** The same for other processes only: this one knows already. */
  publishElsewhere: (topic: Topic) => void;
  /** @returns the function that ends the subscription */
  subscribe: (topic: Topic, onHint: () => void) => () => void;
  /**
   * Calls back whenever hints of other processes may have been lost: look again at everything.
   *
   * @returns the function that ends it
   */
  onGap: (onGap: () => void) => () => void;
  close: () => Promise<void>;
}

/** What implementations report of themselves. */
export interface HintsLog {
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
}
