import type { Usage } from "@deepbot/client/worker";
import { z } from "zod";

/** One event of the stream. */
export interface Chunk {
  text: string;
  /** The answer is complete. */
  finished: boolean;
  /** The provider withdrew the answer. */
  filtered: boolean;
  usage: Usage | undefined;
}

/** Only the fields that are used, and leniently: compatible endpoints differ in everything else. */
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
 * @throws {z.ZodError} for anything else
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
