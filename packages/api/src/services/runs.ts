import type { QueuedRun, RunWithText } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import { createAskAndWait } from "./ask-and-wait.ts";
import { createAskQuestion, type NewQuestion } from "./ask-question.ts";
import type { ServiceDeps } from "./deps.ts";
import { createFindRun, type FindRun, type RunKey } from "./find-run.ts";
import type { RunWatches } from "./run-watch.ts";
import type { Settler } from "./settler.ts";

/** A run as it is before anybody has done anything to it. */
function asQueued(run: QueuedRun, remainingMs: number): RunWithText {
  return {
    ...run,
    state: "queued",
    attempt: 0,
    generation: 0,
    cancelRequested: false,
    endedAt: null,
    errorCode: null,
    errorMessage: null,
    answerId: null,
    answerText: null,
    usage: null,
    remainingMs,
    said: { seq: 0, text: "" },
  };
}

/** Stopping a run, and asking again. */
function createRunChanges(
  { queries, hints, log, settings }: ServiceDeps,
  { settler, find }: { settler: Settler; find: FindRun },
) {
  return {
    /**
     * Stops a run: at once while it is queued, else as soon as its worker lets go or the grace is over. A run that has
     * ended stays as it is.
     *
     * @throws {DomainError} `run_not_found`
     */
    cancel: async (key: RunKey): Promise<RunWithText> => {
      const requested = await queries.requestCancel(key);
      if (requested !== undefined) {
        await settler.settle();
        hints.publish(`run:${key.runId}`);
        log.info(
          { event: "cancel_requested", run_id: key.runId, user_id: key.userId },
          `Run ${key.runId} is to be cancelled`,
        );
      }
      const run = await find(key);
      if (run === undefined) throw new DomainError("run_not_found");
      return run;
    },

    /**
     * Asks the question of an ended run again.
     *
     * @throws {DomainError} `run_not_found`; `answer_awaited` while an answer is awaited; `run_not_retryable` when the
     *   question has an answer or is not the dialog's last
     */
    retry: async (key: RunKey): Promise<RunWithText> => {
      const run = await find(key);
      if (run === undefined) throw new DomainError("run_not_found");
      const limits = { deadlineMs: settings.answerDeadlineMs, maxAttempts: settings.maxAttempts };
      const queued = await queries.insertRetry({ ...key, ...limits });
      if (queued === undefined) {
        const obstacle = await queries.findSendObstacle({ ...run, userId: key.userId, clientMessageId: null });
        if (obstacle === undefined) throw new DomainError("run_not_found");
        throw obstacle.openRunId === null
          ? new DomainError("run_not_retryable")
          : new DomainError("answer_awaited", { run_id: obstacle.openRunId });
      }
      hints.publish("queue");
      log.info(
        { event: "run_queued", run_id: queued.runId, retry_of: key.runId },
        `Run ${queued.runId} repeats run ${key.runId}`,
      );
      const retried = await find({ runId: queued.runId, userId: key.userId });
      if (retried === undefined) throw new DomainError("dialog_deleted");
      return retried;
    },
  };
}

/** Questions of people, and what became of them. */
export function createRunService(deps: ServiceDeps, { settler, watches }: { settler: Settler; watches: RunWatches }) {
  const ask = createAskQuestion(deps, settler);
  const find = createFindRun(deps, settler);
  return {
    ...createRunChanges(deps, { settler, find }),
    askAndWait: createAskAndWait(deps, { ask, find, watches }),
    find,

    /**
     * Asks, and returns the run at once.
     *
     * @throws {DomainError} as asking does
     */
    start: async (question: NewQuestion): Promise<RunWithText> => {
      const { runId, queued } = await ask(question);
      if (queued !== null) return asQueued(queued, deps.settings.answerDeadlineMs);
      const run = await find({ runId, userId: question.userId });
      if (run === undefined) throw new DomainError("dialog_deleted");
      return run;
    },

    /** @throws {DomainError} `run_not_found` */
    get: async (key: RunKey): Promise<RunWithText> => {
      const run = await find(key);
      if (run === undefined) throw new DomainError("run_not_found");
      return run;
    },
  };
}
