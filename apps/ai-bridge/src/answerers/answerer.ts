import type { DialogMessage } from "../platform/client.ts";

/** What a model reported that an answer cost. */
export interface Usage {
  model?: string;
  input_tokens?: number;
  output_tokens?: number;
}

/** A piece of an answer: a text to add to what came before, or, at most once and last, what it cost. */
export type AnswerPart = { kind: "text"; text: string } | { kind: "usage"; usage: Usage };

/** What thinks up answers. */
export interface Answerer {
  /** For the log. */
  name: string;
  /**
   * Streams the answer to a dialog, oldest message first, whose last message is the question. When the signal aborts the
   * stream ends soon, with an error or without; nobody reads it then.
   *
   * @throws {AnswerFailure} from the stream, when there will be no (whole) answer
   */
  answer: (messages: readonly DialogMessage[], options: { signal: AbortSignal }) => AsyncIterable<AnswerPart>;
}
