/**
 * Subject of a notification: a dialog whose run changed state; a run that was claimed, streamed more or was queued again; a
 * session or a personal token that ended; the service keys; workers that came or went.
 */
export type Topic = `dialog:${number}` | `run:${number}` | `session:${string}` | `token:${string}` | "keys" | "workers";

/** Whose work a process could begin at once: that of every assistant, or of the given ones. */
export interface Readiness {
  all: boolean;
  assistantIds: ReadonlySet<number>;
}

export function isReadyFor({ all, assistantIds }: Readiness, assistantId: number): boolean {
  return all || assistantIds.has(assistantId);
}

/** The part of a process that does work which any process could do. */
export interface WorkTaker {
  readiness: () => Readiness;
  /** Called with each offer that comes to this process, ready or not. */
  take: (assistantId: number) => void;
}

/**
 * Tells subscribers in every process that something changed. A notification carries no data and may be lost, delayed or
 * repeated: the receiver reads the database, and a fallback poll covers what was lost.
 */
export interface Notifier {
  /** Notifies every subscriber: in this process at once, in others soon. Call it right after the commit. */
  publish: (topic: Topic) => void;
  /** Notifies other processes only, because this one already has the change. */
  publishElsewhere: (topic: Topic) => void;
  /**
   * Offers a piece of an assistant's work to one process: to this one if it is ready for that, else to one that said lately that
   * it is, else to all. One that is no longer ready passes it on to all.
   */
  offerWork: (assistantId: number) => void;
  /** Registers the one taker of this process. */
  takeWork: (taker: WorkTaker) => void;
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
