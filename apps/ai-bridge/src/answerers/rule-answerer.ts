import { setTimeout as delay } from "node:timers/promises";
import type { AnswerPart, DialogMessage } from "@deepbot/client/worker";
import type { Answerer } from "./answerer.ts";
import { languageOf, userTexts, type Language } from "./language.ts";
import { findName, rules } from "./rules.ts";

/** Stands under every answer, so that nobody mistakes the demo for a model. */
const signatures: Readonly<Record<Language, string>> = {
  en: "— Deepbot's demo answerer: a few fixed rules, no language model.",
  ru: "— Демонстрационный ответчик Deepbot: несколько правил, без языковой модели.",
};

function replyTo(messages: readonly DialogMessage[]): string {
  const texts = userTexts(messages);
  const language = languageOf(texts);
  const knowledge = { texts, name: findName(texts) };
  for (const { when, reply } of rules) {
    const found = when.exec(texts.at(-1) ?? "");
    if (found !== null) return `${reply(knowledge, found)[language]}\n\n${signatures[language]}`;
  }
  return signatures[language];
}

async function* streamWords(
  text: string,
  { paceMs, signal }: { paceMs: number; signal: AbortSignal },
): AsyncGenerator<AnswerPart> {
  for (const [word] of text.matchAll(/\S+\s*/gu)) {
    if (paceMs > 0) await delay(paceMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    yield { kind: "text", text: word };
  }
}

/**
 * Answers from a table of rules, offline; the same dialog always gets the same answer.
 *
 * @param paceMs pause before each word, so that streaming can be seen
 */
export function createRuleAnswerer({ paceMs }: { paceMs: number }): Answerer {
  return {
    name: "demo rules",
    answer: ({ messages }, { signal }) => streamWords(replyTo(messages), { paceMs, signal }),
  };
}
