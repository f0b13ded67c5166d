import { databaseErrorCode, uniqueViolation, type RunRow } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import { answerOf, isOpen } from "../domain/run-outcome.ts";
import type { ServiceDeps } from "./deps.ts";
import type { RunWatch, RunWatches } from "./run-watch.ts";
import type { Settler } from "./settler.ts";

export interface NewQuestion {
  userId: number;
  dialogId: number;
  text: string;
  clientMessageId: string | null;
}

/** The sweep ends a run within its interval; a waiter that has heard nothing this long after looks for itself. */
const deadlineGraceMs = 5_000;

/** How often a question is tried again after what was in its way has gone. */
const maxTries = 5;

/** Questions of people, and what became of them. */
export function createRunService(deps: ServiceDeps, { settler, watches }: { settler: Settler; watches: RunWatches }) {
  const { queries, hints, log, settings, shutdown } = deps;

  const insert = async (question: NewQuestion): Promise<number | undefined> => {
    try {
      return await queries.insertQuestion({
        ...question,
        deadlineMs: settings.answerDeadlineMs,
        maxAttempts: settings.maxAttempts,
      });
    } catch (error) {
      if (databaseErrorCode(error) === uniqueViolation) return undefined;
      throw error;
    }
  };

  /** The run that a repeated question already has, or undefined when the way may be free now. */
  const resolveObstacle = async (question: NewQuestion): Promise<number | undefined> => {
    const obstacle = await queries.findSendObstacle(question);
    if (obstacle === undefined) throw new DomainError("dialog_not_found");
    const { sameMessage, openRunId, overdue } = obstacle;
    if (sameMessage !== null) {
      if (sameMessage.text !== question.text) throw new DomainError("client_message_id_reused");
      return sameMessage.runId;
    }
    if (overdue) await settler.settle();
    else if (openRunId !== null) throw new DomainError("answer_awaited", { run_id: openRunId });
    return undefined;
  };

  /**
   * Stores a question with its run. A repeat under the same `clientMessageId` finds the run of the first.
   *
   * @returns the run's id
   * @throws {DomainError} `dialog_not_found`, `answer_awaited` (with the open `run_id`), `client_message_id_reused`
   */
  const ask = async (question: NewQuestion): Promise<number> => {
    for (let attempt = 0; attempt < maxTries; attempt += 1) {
      const runId = await insert(question);
      if (runId !== undefined) {
        hints.publish("queue");
        const fields = { event: "run_queued", run_id: runId, user_id: question.userId, dialog_id: question.dialogId };
        log.info(fields, `Run ${runId} is queued for dialog ${question.dialogId}`);
        return runId;
      }
      const existing = await resolveObstacle(question);
      if (existing !== undefined) return existing;
    }
    throw new DomainError("answer_awaited");
  };

  const find = async (key: { runId: number; userId: number }): Promise<RunRow | undefined> => {
    const run = await queries.findRun(key);
    if (run === undefined || !isOpen(run.state) || run.remainingMs > 0) return run;
    await settler.settle();
    return queries.findRun(key);
  };

  /** Looks after every hint until the run has ended. Gives up, with the run still open, when the signal aborts. */
  const waitForEnd = async (
    watch: RunWatch,
    key: { runId: number; userId: number },
    { look, signal }: { look: boolean; signal: AbortSignal },
  ): Promise<RunRow | undefined> => {
    if (!look) await watch.wait({ ms: settings.answerDeadlineMs + deadlineGraceMs, signal });
    for (;;) {
      const run = await find(key);
      if (run === undefined || !isOpen(run.state) || signal.aborted) return run;
      await watch.wait({ ms: run.remainingMs + deadlineGraceMs, signal });
    }
  };

  return {
    /**
     * Asks, and returns the run at once.
     *
     * @throws {DomainError} as asking does
     */
    start: async (question: NewQuestion): Promise<RunRow> => {
      const runId = await ask(question);
      const run = await find({ runId, userId: question.userId });
      if (run === undefined) throw new DomainError("dialog_deleted");
      return run;
    },

    /** @throws {DomainError} `run_not_found` */
    get: async (key: { runId: number; userId: number }): Promise<RunRow> => {
      const run = await find(key);
      if (run === undefined) throw new DomainError("run_not_found");
      return run;
    },

    /**
     * Asks, and waits for the answer. When the signal aborts because the person left, the run goes on without a waiter.
     *
     * @throws {DomainError} as asking does; `answer_deadline`, `answer_failed`, `run_cancelled`, `dialog_deleted`;
     *   `shutting_down` when the server stops first
     */
    askAndWait: async (question: NewQuestion, signal: AbortSignal | undefined): Promise<string> => {
      const watch = watches.open(question.dialogId);
      try {
        const runId = await ask(question);
        watch.follow(runId);
        const ended = await waitForEnd(
          watch,
          { runId, userId: question.userId },
          { look: question.clientMessageId !== null, signal: signal ? AbortSignal.any([signal, shutdown]) : shutdown },
        );
        if (ended === undefined) throw new DomainError("dialog_deleted");
        if (shutdown.aborted && isOpen(ended.state)) throw new DomainError("shutting_down", { run_id: runId });
        return answerOf(ended);
      } finally {
        watch.close();
      }
    },
  };
}
