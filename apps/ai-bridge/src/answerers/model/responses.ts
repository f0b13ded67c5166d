import { z } from "zod";
import type { ModelPart } from "../answerer.ts";
import { failureOfCode } from "./openai-error.ts";
import { textPart, toUsage, type Chunk, type Protocol } from "./protocol.ts";

const delta = z.object({ delta: z.string() });

const functionCall = z.object({
  type: z.literal("function_call"),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
});

/** Only the fields that are used, and leniently: compatible endpoints differ in everything else. */
const ended = z.object({
  response: z.object({
    model: z.string().nullish().catch(null),
    usage: z
      .object({ input_tokens: z.int().min(0), output_tokens: z.int().min(0) })
      .nullish()
      .catch(null),
    incomplete_details: z.object({ reason: z.string().nullish() }).nullish().catch(null),
    error: z.object({ code: z.string().nullish() }).nullish().catch(null),
  }),
});

const nothing: Chunk = { parts: [], finished: false, filtered: false, usage: undefined };

const saying = (parts: ModelPart[]): Chunk => ({ ...nothing, parts });

function readEnd(event: unknown): Chunk {
  const { model, usage, incomplete_details: details } = ended.parse(event).response;
  return {
    ...nothing,
    finished: true,
    filtered: details?.reason === "content_filter",
    usage: toUsage(model, usage && { input: usage.input_tokens, output: usage.output_tokens }),
  };
}

function readItem(event: unknown): Chunk {
  const item = functionCall.safeParse(z.object({ item: z.unknown() }).parse(event).item);
  if (!item.success) return nothing;
  const { call_id: id, name, arguments: given } = item.data;
  return saying([{ kind: "tool_call", id, name, arguments: given }]);
}

/** @see https://platform.openai.com/docs/api-reference/responses-streaming */
function readEvent(event: unknown): Chunk {
  const { type } = z.object({ type: z.string() }).parse(event);
  switch (type) {
    case "response.output_text.delta":
    case "response.refusal.delta":
      return saying(textPart("text", delta.parse(event).delta));
    case "response.reasoning_text.delta":
    case "response.reasoning_summary_text.delta":
      return saying(textPart("reasoning", delta.parse(event).delta));
    case "response.output_item.done":
      return readItem(event);
    case "response.completed":
    case "response.incomplete":
      return readEnd(event);
    case "response.failed":
      throw failureOfCode(ended.parse(event).response.error?.code, { started: false });
    default:
      return nothing;
  }
}

export const responses: Protocol = {
  createReader: () => readEvent,
  open: (client, { model, prompt: { system, dialog } }, signal) =>
    client.responses.create(
      { model, ...(system === null ? {} : { instructions: system }), input: dialog, stream: true, store: false },
      { signal },
    ),
};
