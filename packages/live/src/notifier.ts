/**
 * Subject of a notification: a dialog whose run changed state, a run that was claimed or streamed more, a session that
 * ended, or the queue of runs that wait for a worker.
 */
export type Topic = `dialog:${number}` | `run:${number}` | `session:${string}` | "queue";

/**
 * Tells subscribers in every process that something changed. A notification carries no data and may be lost, delayed or
 * repeated: the receiver reads the database, and a fallback poll covers what was lost.
 */
export interface Notifier {
  /** Notifies every subscriber: in this process at once, in others soon. Call it right after the commit. */
  publish: (topic: Topic) => void;
  /** Notifies other processes only, because this one already has the change. */
  publishElsewhere: (topic: Topic) => void;
  /** @returns the function that unsubscribes */
  subscribe: (topic: Topic, onNotification: () => void) => () => void;
  /**
   * Calls back whenever notifications of other processes may have been lost, so that everything must be read again.
   *
   * @returns the function that unsubscribes
   */
  onGap: (onGap: () => void) => () => void;
  close: () => Promise<void>;
}

export interface NotifierLog {
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
}
