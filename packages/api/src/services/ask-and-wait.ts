import { DomainError } from "../domain/errors.ts";
import { answerOf, isOpen } from "../domain/run-outcome.ts";
import type { AskQuestion, NewQuestion } from "./ask-question.ts";
import type { ServiceDeps } from "./deps.ts";
import type { FindRun, RunKey } from "./find-run.ts";
import type { RunWatch, RunWatches } from "./run-watch.ts";

/** The sweep ends a run within its interval; a waiter that has heard nothing this long after looks for itself. */
const deadlineGraceMs = 5_000;

/**
 * Asks, and waits for the answer. When the signal aborts because the person left, the run goes on without a waiter.
 *
 * @throws {DomainError} as asking does; `answer_deadline`, `answer_failed`, `run_cancelled`, `dialog_deleted`;
 *   `shutting_down` when the server stops first
 */
export type AskAndWait = (question: NewQuestion, signal: AbortSignal | undefined) => Promise<string>;

export function createAskAndWait(
  { settings, shutdown }: Pick<ServiceDeps, "settings" | "shutdown">,
  { ask, find, watches }: { ask: AskQuestion; find: FindRun; watches: RunWatches },
): AskAndWait {
  /** Looks after every hint until the run has ended, or nobody is left to wait for it. */
  const waitForAnswer = async (
    watch: RunWatch,
    key: RunKey,
    { look, signal }: { look: boolean; signal: AbortSignal | undefined },
  ): Promise<string> => {
    if (!look) await watch.wait({ ms: settings.answerDeadlineMs + deadlineGraceMs, signal });
    for (;;) {
      const answer = watch.answer();
      if (answer !== undefined) return answer;
      const run = await find(key);
      if (run === undefined) throw new DomainError("dialog_deleted");
      if (!isOpen(run.state)) return answerOf(run);
      if (shutdown.aborted) throw new DomainError("shutting_down", { run_id: key.runId });
      if (signal?.aborted) return answerOf(run);
      await watch.wait({ ms: run.remainingMs + deadlineGraceMs, signal });
    }
  };

  return async (question, signal) => {
    const watch = watches.open(question.dialogId);
    try {
      const { runId } = await ask(question);
      watch.follow(runId);
      const key = { runId, userId: question.userId };
      return await waitForAnswer(watch, key, { look: question.clientMessageId !== null, signal });
    } finally {
      watch.close();
    }
  };
}
