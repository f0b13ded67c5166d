import type { ErrorEntry } from "./entry.ts";

/** What is refused about assistants. */
export const assistantErrors = {
  assistant_not_found: {
    status: 404,
    failure: "refused",
    text: { en: "There is no such assistant.", ru: "Такого ассистента нет." },
  },
  assistant_disabled: {
    status: 409,
    failure: "refused",
    text: {
      en: "This assistant takes no new questions. Its dialogs can still be read.",
      ru: "Этот ассистент больше не принимает вопросы. Его диалоги по-прежнему можно читать.",
    },
  },
  assistant_fixed: {
    status: 409,
    failure: "refused",
    facts: ["assistant"],
    text: {
      en: "The assistant {assistant} cannot be disabled, and keeps its slug.",
      ru: "Ассистента {assistant} нельзя отключить, и его slug не меняется.",
    },
  },
  assistant_slug_taken: {
    status: 409,
    failure: "refused",
    text: { en: "Another assistant has this slug.", ru: "Этот slug уже занят другим ассистентом." },
  },
  assistant_limit: {
    status: 409,
    failure: "refused",
    facts: ["limit"],
    text: {
      en: "There are {limit} assistants already, disabled ones included. Change one that is no longer needed.",
      ru: "Ассистентов уже {limit}, включая отключённых. Измените тот, который больше не нужен.",
    },
  },
  assistant_refused: {
    status: 403,
    failure: "refused",
    facts: ["assistant"],
    text: {
      en: "This key does not reach the assistant {assistant}.",
      ru: "Этому ключу недоступен ассистент {assistant}.",
    },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
