import type { Usage } from "@deepbot/client/worker";
import type OpenAI from "openai";
import type { ModelPart } from "../answerer.ts";
import type { Prompt } from "./prompt.ts";

/** What one event of a stream says. */
export interface Chunk {
  parts: ModelPart[];
  /** The answer is complete. */
  finished: boolean;
  /** The provider withdrew the answer. */
  filtered: boolean;
  usage: Usage | undefined;
}

/** How an endpoint is spoken to. */
export interface Protocol {
  open: (
    client: OpenAI,
    request: { model: string; prompt: Prompt },
    signal: AbortSignal,
  ) => Promise<AsyncIterable<unknown>>;
  /**
   * Makes the reader of one stream.
   *
   * @throws {z.ZodError} from the reader for an event that is not of the protocol, {AnswererError} for one that reports a failure
   */
  createReader: () => (event: unknown) => Chunk;
}

const modelNameMax = 200;

/** Usage as the platform takes it. */
export function toUsage(
  model: string | null | undefined,
  tokens: { input: number; output: number } | null | undefined,
): Usage | undefined {
  if (!tokens) return undefined;
  const name = Array.from(model ?? "")
    .slice(0, modelNameMax)
    .join("")
    .replaceAll("\0", "")
    .toWellFormed();
  return {
    ...(name === "" ? {} : { model: name }),
    input_tokens: tokens.input,
    output_tokens: tokens.output,
  };
}

/** Text of a kind, if there is any. */
export function textPart(kind: "text" | "reasoning", text: string | null | undefined): ModelPart[] {
  return text ? [{ kind, text }] : [];
}
