import type { DialogMessage } from "../platform/client.ts";
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

async function* answer(
  messages: readonly DialogMessage[],
  { signal }: { signal: AbortSignal },
): AsyncGenerator<AnswerPart> {
  for (const [text] of replyTo(messages).matchAll(/\S+\s*/gu)) {
    if (signal.aborted) return;
    yield { kind: "text", text };
  }
}

/** Answers by a table of rules: offline, always the same to the same dialog, word by word. Says that it is a demo. */
export function createRuleAnswerer(): Answerer {
  return { name: "demo rules", answer };
}
