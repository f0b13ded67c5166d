import type { DialogMessage } from "@deepbot/client/worker";
import type { ModelConfig } from "../../config.ts";
import type { AskedRun } from "../answerer.ts";

/** What a model reads. The last message is the question. */
export interface Prompt {
  system: string | null;
  dialog: { role: "assistant" | "user"; content: string }[];
}

/**
 * Bytes of UTF-8 that count as one token. Models disagree: English has about four to a token, Russian and Chinese three to
 * five, code three. The estimate errs on the side of more tokens.
 */
const bytesPerToken = 3;

/** For the role and the separators of a message. */
const tokensPerMessage = 4;

function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken) + tokensPerMessage;
}

/** The newest messages that fit; the last one, the question, always. */
function newestWithin(tokens: number, messages: readonly DialogMessage[]): readonly DialogMessage[] {
  let left = tokens;
  let start = messages.length;
  while (start > 0) {
    left -= estimateTokens(messages[start - 1]?.content ?? "");
    if (left < 0 && start < messages.length) break;
    start -= 1;
  }
  // A dialog that was cut begins with a question: some models refuse an answer to nothing.
  while (start > 0 && start < messages.length - 1 && messages[start]?.role === "bot") start += 1;
  return messages.slice(start);
}

/** The operator's instructions, then the prompt of the bridge's configuration. Null if there are neither. */
function joinSystemTexts(instructions: string, systemPrompt: string | null): string | null {
  const texts = [instructions, systemPrompt ?? ""].filter((text) => text.trim() !== "");
  return texts.length === 0 ? null : texts.join("\n\n");
}

/**
 * What the model reads: instructions and system prompt in full, and as much of the end of the dialog as then fits into
 * `contextTokens`.
 */
export function toPrompt(
  { assistant, messages }: AskedRun,
  { systemPrompt, contextTokens }: Pick<ModelConfig, "systemPrompt" | "contextTokens">,
): Prompt {
  const system = joinSystemTexts(assistant.instructions, systemPrompt);
  const left = contextTokens - (system === null ? 0 : estimateTokens(system));
  const said = messages.filter(({ content }) => content !== "");
  const dialog = newestWithin(left, said).map(({ role, content }) => ({
    role: role === "bot" ? ("assistant" as const) : ("user" as const),
    content,
  }));
  return { system, dialog };
}
