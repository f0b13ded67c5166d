import type { DialogMessage, Usage } from "@deepbot/client/worker";
import type { Answerer, AskedRun } from "../../src/answerers/answerer.ts";

/** A dialog in which user and bot alternate, the user first. */
export function dialogOf(...texts: string[]): DialogMessage[] {
  return texts.map((content, index) => ({ message_id: index + 1, role: index % 2 === 0 ? "user" : "bot", content }));
}

/** A run that asks the last of the texts. */
export function runOf(texts: string[], instructions = ""): AskedRun {
  return { assistant: { slug: "deepbot", instructions }, messages: dialogOf(...texts) };
}

export interface Collected {
  text: string;
  pieces: string[];
  usage: Usage | undefined;
  reasoning: string;
  toolCalls: { id: string; name: string; arguments: string }[];
}

/** Reads an answer to its end. */
export async function collect(
  answerer: Answerer,
  run: AskedRun,
  signal: AbortSignal = new AbortController().signal,
): Promise<Collected> {
  const pieces: string[] = [];
  let usage: Usage | undefined;
  let reasoning = "";
  const toolCalls: Collected["toolCalls"] = [];
  for await (const part of answerer.answer(run, { signal })) {
    if (part.kind === "text") pieces.push(part.text);
    else if (part.kind === "usage") usage = part.usage;
    else if (part.kind === "reasoning") reasoning += part.text;
    else toolCalls.push({ id: part.id, name: part.name, arguments: part.arguments });
  }
  return { text: pieces.join(""), pieces, usage, reasoning, toolCalls };
}
