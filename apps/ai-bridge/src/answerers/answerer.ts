import type { AnswerPart, DialogMessage } from "@deepbot/client/worker";

/** Writes answers. */
export interface Answerer {
  /** For the log. */
  name: string;
  /**
   * Streams the answer to a dialog, oldest message first, whose last message is the question. When the signal aborts the
   * stream ends soon, with or without an error; nobody reads it then.
   *
   * @throws {AnswererError} from the stream, when there is no complete answer
   */
  answer: (messages: readonly DialogMessage[], options: { signal: AbortSignal }) => AsyncIterable<AnswerPart>;
}
