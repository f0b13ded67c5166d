import { z } from "zod";
import type { ModelPart } from "../answerer.ts";
import { textPart, toUsage, type Chunk, type Protocol } from "./protocol.ts";
import { createThinkTags } from "./think-tags.ts";

/** Only the fields that are used, and leniently: compatible endpoints differ in everything else. */
const schema = z.object({
  model: z.string().nullish().catch(null),
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            refusal: z.string().nullish(),
            // Some servers say the one, some the other, and some say both.
            reasoning: z.string().nullish().catch(null),
            reasoning_content: z.string().nullish().catch(null),
            tool_calls: z
              .array(
                z.object({
                  index: z.int().min(0).max(127),
                  id: z.string().nullish(),
                  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
                }),
              )
              .nullish()
              .catch(null),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) })
    .nullish()
    .catch(null),
});

type Delta = NonNullable<NonNullable<z.infer<typeof schema>["choices"]>[number]["delta"]>;
type ToolCall = Extract<ModelPart, { kind: "tool_call" }>;

/** A call comes in pieces: its id and name first, then its arguments. */
function createToolCalls(): { add: (pieces: Delta["tool_calls"]) => void; take: () => ToolCall[] } {
  const calls = new Map<number, ToolCall>();
  return {
    add: (pieces) => {
      for (const { index, id, function: piece } of pieces ?? []) {
        const call = calls.get(index) ?? { kind: "tool_call", id: "", name: "", arguments: "" };
        call.id ||= id ?? "";
        call.name ||= piece?.name ?? "";
        call.arguments += piece?.arguments ?? "";
        calls.set(index, call);
      }
    },
    take: () => {
      const taken = [...calls.values()];
      calls.clear();
      return taken;
    },
  };
}

/** @see https://platform.openai.com/docs/api-reference/chat-streaming */
function createReader(): (event: unknown) => Chunk {
  const toolCalls = createToolCalls();
  const thinkTags = createThinkTags();
  return (event) => {
    const { model, choices, usage } = schema.parse(event);
    const { delta, finish_reason: reason } = choices?.[0] ?? {};
    const finished = typeof reason === "string";
    toolCalls.add(delta?.tool_calls);
    return {
      parts: [
        ...textPart("reasoning", delta?.reasoning_content ?? delta?.reasoning),
        ...thinkTags.split(delta?.content ?? delta?.refusal ?? "", finished),
        ...(finished ? toolCalls.take() : []),
      ],
      finished,
      filtered: reason === "content_filter",
      usage: toUsage(model, usage && { input: usage.prompt_tokens, output: usage.completion_tokens }),
    };
  };
}

export const chatCompletions: Protocol = {
  createReader,
  open: (client, { model, prompt: { system, dialog } }, signal) =>
    client.chat.completions.create(
      {
        model,
        messages: system === null ? dialog : [{ role: "system", content: system }, ...dialog],
        stream: true,
        stream_options: { include_usage: true },
      },
      { signal },
    ),
};
