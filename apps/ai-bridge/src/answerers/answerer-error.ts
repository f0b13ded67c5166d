import type { Language } from "./language.ts";

interface Failure {
  /** Whether another attempt may help. */
  retry: boolean;
  texts: Readonly<Record<Language, string>>;
}

/** Reasons for a failed attempt: the code that is reported to the platform, and the sentence that the user may read. */
export const failures = {
  model_unavailable: {
    retry: true,
    texts: {
      en: "The AI model is unavailable right now. Please try again a little later.",
      ru: "Модель ИИ сейчас недоступна. Попробуйте немного позже.",
    },
  },
  model_rate_limited: {
    retry: true,
    texts: {
      en: "The AI model is overloaded right now. Please try again a little later.",
      ru: "Модель ИИ сейчас перегружена. Попробуйте немного позже.",
    },
  },
  model_refused: {
    retry: false,
    texts: {
      en: "The AI model rejected this question. If other questions fail too, check the model settings.",
      ru: "Модель ИИ отклонила этот вопрос. Если не проходят и другие, проверьте настройки модели.",
    },
  },
  dialog_too_long: {
    retry: false,
    texts: {
      en: "This dialog has become too long for the AI model. Please start a new one.",
      ru: "Этот диалог стал слишком длинным для модели ИИ. Начните новый.",
    },
  },
  model_cut: {
    retry: true,
    texts: {
      en: "The AI model stopped in the middle of its answer. Please try again.",
      ru: "Модель ИИ прервала ответ на середине. Попробуйте ещё раз.",
    },
  },
  empty_answer: {
    retry: true,
    texts: {
      en: "The AI model gave an empty answer. Please try again.",
      ru: "Модель ИИ дала пустой ответ. Попробуйте ещё раз.",
    },
  },
  bridge_error: {
    retry: true,
    texts: {
      en: "Something went wrong while preparing the answer. Please try again.",
      ru: "При подготовке ответа что-то пошло не так. Попробуйте ещё раз.",
    },
  },
} as const satisfies Readonly<Record<string, Failure>>;

export type FailureCode = keyof typeof failures;

/** Thrown by an answerer that has no complete answer. */
export class AnswererError extends Error {
  readonly code: FailureCode;
  /** For the log, such as a status. Never text of the model or of a person, and never a key. */
  readonly detail: string;

  constructor(code: FailureCode, detail: string) {
    super(`${code}: ${detail}`);
    this.name = "AnswererError";
    this.code = code;
    this.detail = detail;
  }
}
