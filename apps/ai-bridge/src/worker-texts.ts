import type { ClaimedRun, FailureReason, FailureReport, WorkerTexts } from "@deepbot/client/worker";
import type { Log } from "@deepbot/runtime";
import { AnswererError, failures, type FailureCode } from "./answerers/answerer-error.ts";
import { languageOf, userTexts, type Language } from "./answerers/language.ts";

const truncationNotes: Readonly<Record<Language, string>> = {
  en: "\n\n[The answer was too long and has been cut here.]",
  ru: "\n\n[Ответ слишком длинный и обрывается здесь.]",
};

const languageOfRun = ({ messages }: ClaimedRun): Language => languageOf(userTexts(messages));

function reportOf(run: ClaimedRun, code: FailureCode, detail: string): FailureReport {
  const { retry, texts } = failures[code];
  return { code, message: texts[languageOfRun(run)], retry, detail };
}

/** The bridge's sentences, in the language of the question. An error that no answerer foresaw is logged. */
export function createWorkerTexts(log: Log): WorkerTexts {
  const describeError = (error: unknown, run: ClaimedRun): FailureReport => {
    if (error instanceof AnswererError) return reportOf(run, error.code, error.detail);
    const reason = error instanceof Error ? error.name : "unknown";
    const fields = { event: "answerer_crashed", run_id: run.run_id, reason };
    log.error(fields, `The answerer crashed on run ${run.run_id}: ${reason}`);
    return reportOf(run, "bridge_error", reason);
  };
  return {
    describeFailure: (reason: FailureReason, run) => {
      switch (reason.kind) {
        case "error":
          return describeError(reason.error, run);
        case "empty":
          return reportOf(run, "empty_answer", "no text");
      }
    },
    truncationNote: (run) => truncationNotes[languageOfRun(run)],
  };
}
