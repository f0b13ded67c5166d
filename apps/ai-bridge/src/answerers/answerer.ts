import type { AnswerPart, ClaimedRun } from "@deepbot/client/worker";

/** What a model streams: the answer, what it thought on the way to it, and tools that it called. */
export type ModelPart =
  | AnswerPart
  | { kind: "reasoning"; text: string }
  | { kind: "tool_call"; id: string; name: string; arguments: string };

/** What an answerer needs of a run: the dialog, oldest message first, whose last message is the question. */
export type AskedRun = Pick<ClaimedRun, "assistant" | "messages">;

/** Writes answers. */
export interface Answerer {
  /** For the log. */
  name: string;
  /**
   * Streams the answer to a run. When the signal aborts the stream ends soon, with or without an error; nobody reads it
   * then.
   *
   * @throws {AnswererError} from the stream, when there is no complete answer
   */
  answer: (run: AskedRun, options: { signal: AbortSignal }) => AsyncIterable<ModelPart>;
}

/** What becomes the answer: until answers have parts of their own, reasoning and tool calls are shown to nobody. */
export async function* shownParts(parts: AsyncIterable<ModelPart>): AsyncGenerator<AnswerPart, void, undefined> {
  for await (const part of parts) if (part.kind === "text" || part.kind === "usage") yield part;
}
