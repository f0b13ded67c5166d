import type { ErrorEntry } from "./entry.ts";

/** What is refused because too much goes on at once, or was asked for in a short time. */
export const tooManyErrors = {
  too_many_exports: {
    status: 503,
    failure: "unavailable",
    text: {
      en: "An export is already being prepared. Please try again.",
      ru: "Выгрузка данных уже готовится. Попробуйте ещё раз.",
    },
  },
  too_many_watches: {
    status: 503,
    failure: "unavailable",
    text: {
      en: "Too many answers are being streamed at once. Please try again.",
      ru: "Одновременно открыто слишком много ответов. Попробуйте ещё раз.",
    },
  },
  too_many_claims: {
    status: 429,
    failure: "unavailable",
    text: {
      en: "Too many claims of this key are open at once. Please try again in a moment.",
      ru: "С этим ключом открыто слишком много запросов на выдачу. Попробуйте чуть позже.",
    },
  },
  too_many_waits: {
    status: 429,
    failure: "unavailable",
    text: {
      en: "Too many of your requests are waiting for an answer. Please try again in a moment.",
      ru: "Слишком много ваших запросов ожидают ответа. Попробуйте чуть позже.",
    },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
