import { databaseErrorCode, uniqueViolation, type QueuedRun } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import type { ServiceDeps } from "./deps.ts";
import type { Settler } from "./settler.ts";

export interface NewQuestion {
  userId: number;
  dialogId: number;
  text: string;
  clientMessageId: string | null;
}

export interface Asked {
  runId: number;
  /** The run as it was stored; null for a repeat, whose run is older. */
  queued: QueuedRun | null;
}

/** How often a question is tried again after what was in its way has gone. */
const maxTries = 5;

/**
 * Stores a question with its run. A repeat under the same `clientMessageId` finds the run of the first.
 *
 * @throws {DomainError} `dialog_not_found`, `answer_awaited` (with the open `run_id`), `client_message_id_reused`
 */
export type AskQuestion = (question: NewQuestion) => Promise<Asked>;

export function createAskQuestion(deps: ServiceDeps, settler: Settler): AskQuestion {
  const { queries, hints, log, settings } = deps;

  const insert = async (question: NewQuestion): Promise<QueuedRun | undefined> => {
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

  return async (question) => {
    for (let attempt = 0; attempt < maxTries; attempt += 1) {
      const queued = await insert(question);
      if (queued !== undefined) {
        const { runId } = queued;
        hints.publish("queue");
        const fields = { event: "run_queued", run_id: runId, user_id: question.userId, dialog_id: question.dialogId };
        log.info(fields, `Run ${runId} is queued for dialog ${question.dialogId}`);
        return { runId, queued };
      }
      const existing = await resolveObstacle(question);
      if (existing !== undefined) return { runId: existing, queued: null };
    }
    throw new DomainError("answer_awaited");
  };
}
