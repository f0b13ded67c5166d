import { z } from "zod";
import type { Usage } from "./answerer.ts";

/** What a piece of the stream tells. */
export interface Chunk {
  text: string;
  /** The model said that this was all. */
  finished: boolean;
  /** The provider took the answer back. */
  filtered: boolean;
  usage: Usage | undefined;
}

/** Only what is read here, and no more than that is asked of it: compatible endpoints differ in all the rest. */
const schema = z.object({
  model: z.string().nullish().catch(null),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) })
    .nullish()
    .catch(null),
});

const modelNameMax = 200;

/**
 * Reads one event of a chat completion stream.
 *
 * @throws {z.ZodError} when it is none
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function readChunk(event: unknown): Chunk {
  const { model, choices, usage } = schema.parse(event);
  const choice = choices?.[0];
  const name = Array.from(model ?? "")
    .slice(0, modelNameMax)
    .join("")
    .replaceAll("\0", "")
    .toWellFormed();
  return {
    text: choice?.delta?.content ?? choice?.delta?.refusal ?? "",
    finished: typeof choice?.finish_reason === "string",
    filtered: choice?.finish_reason === "content_filter",
    usage: usage
      ? {
          ...(name === "" ? {} : { model: name }),
          input_tokens: usage.prompt_tokens,
          output_tokens: usage.completion_tokens,
        }
      : undefined,
  };
}
