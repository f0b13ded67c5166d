import type { Language } from "./language.ts";

interface Failure {
  /** Whether another attempt may help. */
  retry: boolean;
  texts: Readonly<Record<Language, string>>;
}

/** Why there may be no answer: the code that the platform is told, and the sentence that the user may read. */
export const failures = {
  model_unavailable: {
    retry: true,
    texts: {
      en: "The AI model is out of reach right now. Please try again a little later.",
      ru: "Модель ИИ сейчас недоступна. Попробуйте немного позже.",
    },
  },
  model_rate_limited: {
    retry: true,
    texts: {
      en: "The AI model has too many questions right now. Please try again a little later.",
      ru: "У модели ИИ сейчас слишком много вопросов. Попробуйте немного позже.",
    },
  },
  model_refused: {
    retry: false,
    texts: {
      en: "The AI model does not accept this question. If others fail too, its settings need a look.",
      ru: "Модель ИИ не принимает этот вопрос. Если не проходят и другие, нужно проверить её настройки.",
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
      en: "The AI model broke off in the middle of its answer. Please try again.",
      ru: "Модель ИИ прервалась на середине ответа. Попробуйте ещё раз.",
    },
  },
  empty_answer: {
    retry: true,
    texts: {
      en: "The AI model gave an empty answer. Please try again.",
      ru: "Модель ИИ дала пустой ответ. Попробуйте ещё раз.",
    },
  },
  cancelled: {
    retry: false,
    texts: { en: "The answer was cancelled.", ru: "Ответ отменён." },
  },
  bridge_error: {
    retry: true,
    texts: {
      en: "Something went wrong while the answer was made. Please try again.",
      ru: "При подготовке ответа что-то пошло не так. Попробуйте ещё раз.",
    },
  },
} as const satisfies Readonly<Record<string, Failure>>;

export type FailureCode = keyof typeof failures;

/** Raised by an answerer that cannot answer. */
export class AnswerFailure extends Error {
  readonly code: FailureCode;
  /** What the operator should know, such as a status: fit for the log, never a text of the model, a person or a key. */
  readonly detail: string;

  constructor(code: FailureCode, detail: string) {
    super(`${code}: ${detail}`);
    this.name = "AnswerFailure";
    this.code = code;
    this.detail = detail;
  }
}
