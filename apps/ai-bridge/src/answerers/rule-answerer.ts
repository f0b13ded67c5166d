import type { DialogMessage } from "../platform/client.ts";
import { pause } from "../worker/pause.ts";
import type { Answerer, AnswerPart } from "./answerer.ts";
import { languageOf, saidByUser, type Language } from "./language.ts";
import { findName, rules } from "./rules.ts";

/** Under every answer, so that nobody takes the demo for a model. */
const signatures: Readonly<Record<Language, string>> = {
  en: "— Deepbot's demo answerer: a few fixed rules, no language model.",
  ru: "— Демонстрационный ответчик Deepbot: несколько правил, без языковой модели.",
};

function replyTo(messages: readonly DialogMessage[]): string {
  const said = saidByUser(messages);
  const language = languageOf(said);
  const knowledge = { said, name: findName(said) };
  for (const { when, say } of rules) {
    const found = when.exec(said.at(-1) ?? "");
    if (found !== null) return `${say(knowledge, found)[language]}\n\n${signatures[language]}`;
  }
  return signatures[language];
}

async function* sayWordByWord(
  text: string,
  { paceMs, signal }: { paceMs: number; signal: AbortSignal },
): AsyncGenerator<AnswerPart> {
  for (const [word] of text.matchAll(/\S+\s*/gu)) {
    if (paceMs > 0) await pause(paceMs, signal);
    if (signal.aborted) return;
    yield { kind: "text", text: word };
  }
}

/**
 * Answers by a table of rules: offline, always the same to the same dialog. Says that it is a demo.
 *
 * @param paceMs pause before each word, so that one sees the answer grow
 */
export function createRuleAnswerer({ paceMs }: { paceMs: number }): Answerer {
  return {
    name: "demo rules",
    answer: (messages, { signal }) => sayWordByWord(replyTo(messages), { paceMs, signal }),
  };
}
