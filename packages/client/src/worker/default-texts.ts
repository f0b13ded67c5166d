import { limits, toStorable } from "@deepbot/contract";
import type { ClaimedRun } from "../wire.ts";
import { AnswerError } from "./answer-error.ts";
import type { FailureReason, FailureReport, WorkerTexts } from "./types.ts";

type Language = "en" | "ru";

const sentences = {
  worker_error: {
    en: "The AI could not answer. Please try again.",
    ru: "ИИ не смог ответить. Попробуйте ещё раз.",
  },
  empty_answer: {
    en: "The AI gave an empty answer. Please try again.",
    ru: "ИИ прислал пустой ответ. Попробуйте ещё раз.",
  },
} as const;

const truncationNotes: Readonly<Record<Language, string>> = {
  en: "\n\n[The answer was too long and has been cut here.]",
  ru: "\n\n[Ответ слишком длинный и обрывается здесь.]",
};

/** The language of the person's newest text. */
function languageOf({ messages }: ClaimedRun): Language {
  const newest = messages.findLast(({ role }) => role === "user");
  return /\p{Script=Cyrillic}/u.test(newest?.content ?? "") ? "ru" : "en";
}

function describeError(error: unknown, run: ClaimedRun): FailureReport {
  const general = sentences.worker_error[languageOf(run)];
  if (!(error instanceof AnswerError)) {
    const detail = error instanceof Error ? error.name : "unknown";
    return { code: "worker_error", message: general, retry: true, detail };
  }
  return {
    code: toStorable(error.code, limits.failureCodeMax) ?? "worker_error",
    message: toStorable(error.message, limits.failureMessageMax) ?? general,
    retry: error.retry,
    detail: "",
  };
}

/** Sentences in the language of the question. */
export const defaultTexts: WorkerTexts = {
  describeFailure: (reason: FailureReason, run) => {
    switch (reason.kind) {
      case "error":
        return describeError(reason.error, run);
      case "empty":
        return { code: "empty_answer", message: sentences.empty_answer[languageOf(run)], retry: true, detail: "" };
    }
  },
  truncationNote: (run) => truncationNotes[languageOf(run)],
};
