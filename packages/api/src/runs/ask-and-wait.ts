import { isOpen } from "@deepbot/contract";
import { AppError } from "../app-error.ts";
import { credentialEnd, type Credential, type CredentialWatches } from "../identity/credential-watch.ts";
import type { ConcurrencyLimiter } from "../shared/concurrency-limiter.ts";
import type { AnswerWait, AnswerWaits } from "../streaming/await-answer.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { Ask, Question } from "./ask.ts";
import { answerOf, type FindRun, type RunKey } from "./find-run.ts";

/** The reaper ends a run within its interval. A waiter that has heard nothing this long after the deadline reads for itself. */
const deadlineGraceMs = 1_000;

/**
 * Asks and waits for the answer, up to `answerDeadlineMs`. The run goes on when that is over because its worker gave signs of
 * life, and when the signal aborts because the person left.
 *
 * @throws {AppError} as asking does; `too_many_waits`; `answer_deadline`, `answer_failed`, `run_cancelled`, `dialog_deleted`;
 *   `session_invalid` once the session or the token has ended; `shutting_down` when the server stops first
 */
export type AskAndWait = (
  question: Question & { credential: Credential },
  signal: AbortSignal | undefined,
) => Promise<string>;

export interface AskAndWaitDeps {
  ask: Ask;
  find: FindRun;
  answers: AnswerWaits;
  credentialWatches: CredentialWatches;
  limiter: ConcurrencyLimiter;
}

/** One request that waits. */
interface Waiting {
  credential: Credential;
  wait: AnswerWait;
  key: RunKey;
  hasEnded: () => boolean;
  /** When the wait ends, on the clock of `performance`. */
  until: number;
  signal: AbortSignal | undefined;
}

export function createAskAndWait(
  { settings, shutdown }: Pick<UseCaseDeps, "settings" | "shutdown">,
  { ask, find, answers, credentialWatches, limiter }: AskAndWaitDeps,
): AskAndWait {
  /** Reads the run after every wake-up until it has ended or nobody waits for it any longer. */
  const readUntilEnd = async ({ credential, wait, key, hasEnded, until, signal }: Waiting): Promise<string> => {
    for (;;) {
      const answer = hasEnded() ? undefined : wait.answer();
      if (answer !== undefined) return answer;
      const run = await find(key);
      if (run === undefined) throw new AppError("dialog_deleted");
      if (hasEnded()) throw credentialEnd(credential);
      if (!isOpen(run.state)) return answerOf(run);
      if (shutdown.aborted) throw new AppError("shutting_down", { run_id: key.runId });
      if (signal?.aborted || performance.now() >= until) return answerOf(run);
      await wait.wait({ ms: until - performance.now(), signal });
    }
  };

  return async ({ credential, ...question }, signal) => {
    const release = limiter.acquire(question.userId);
    const wait = answers.open(question.dialogId);
    let credentialEnded = false;
    const unwatch = credentialWatches.open(credential, () => {
      credentialEnded = true;
      wait.wake();
    });
    try {
      const asked = await ask(question);
      const runId = asked.isNew ? asked.run.runId : asked.runId;
      wait.follow(runId);
      // A new run has only just been queued. The run of a repeated question may have ended long ago.
      const waitMs = settings.answerDeadlineMs + deadlineGraceMs;
      const until = performance.now() + waitMs;
      if (asked.isNew) await wait.wait({ ms: waitMs, signal });
      const key = { runId, userId: question.userId };
      return await readUntilEnd({ credential, wait, key, hasEnded: () => credentialEnded, until, signal });
    } finally {
      unwatch();
      wait.close();
      release();
    }
  };
}
