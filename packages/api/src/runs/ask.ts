import { utf8Length, type WireRun } from "@deepbot/contract";
import { databaseErrorCode, uniqueViolation, type AskMetadata, type QueuedRun } from "@deepbot/db";
import type { QuotaReads } from "../account/quotas.ts";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { ReadRun } from "./read-run.ts";
import type { ReapOverdueRuns } from "./reap.ts";

export interface Question {
  userId: number;
  dialogId: number;
  text: string;
  clientMessageId: string | null;
  metadata: AskMetadata;
}

/** A run that was just queued, or the run that a repeated question already has. */
export type AskedRun = { isNew: true; run: QueuedRun } | { isNew: false; runId: number };

/**
 * Stores a question with its run. A repeat under the same `clientMessageId` gets the run of the first, and takes nothing
 * from the quotas.
 *
 * @throws {AppError} `dialog_not_found`, `answer_awaited` (with the open `run_id`), `client_message_id_reused`,
 *   `assistant_disabled`, `quota_exceeded`, `dialog_full`
 */
export type Ask = (question: Question) => Promise<AskedRun>;

/** How often storing a question is tried: an overdue run is ended in between. */
const maxTries = 5;

export function createAsk(
  { statements, events, settings }: UseCaseDeps,
  { reapOverdueRuns, quotas }: { reapOverdueRuns: ReapOverdueRuns; quotas: QuotaReads },
): Ask {
  const insert = async (question: Question): Promise<QueuedRun | undefined> => {
    try {
      const { answerDeadlineMs: deadlineMs, maxAttempts } = settings;
      return await statements.insertQuestion({ ...question, deadlineMs, maxAttempts, quotas: settings.quotas });
    } catch (error) {
      if (databaseErrorCode(error) === uniqueViolation) return undefined;
      throw error;
    }
  };

  /** The run of a repeated question, or undefined if the question can be stored now. */
  const resolveConflict = async (question: Question): Promise<number | undefined> => {
    const conflict = await statements.findSendConflict(question);
    if (conflict === undefined) throw new AppError("dialog_not_found");
    const { sameMessage, openRunId, overdue, messageCount, assistant } = conflict;
    if (sameMessage !== null) {
      if (sameMessage.text !== question.text) throw new AppError("client_message_id_reused");
      return sameMessage.runId;
    }
    if (overdue) await reapOverdueRuns();
    else if (openRunId !== null) throw new AppError("answer_awaited", { run_id: openRunId });
    else if (assistant.isDisabled) throw new AppError("assistant_disabled");
    else await quotas.refuseQuestion(question.userId, { bytes: utf8Length(question.text), messageCount, assistant });
    return undefined;
  };

  return async (question) => {
    for (let attempt = 0; attempt < maxTries; attempt += 1) {
      const run = await insert(question);
      if (run !== undefined) {
        const { runId, dialogId, assistantId } = run;
        const ids = { runId, dialogId, assistantId, ownerId: question.userId };
        events.emit({ kind: "run_transition", ...ids, from: null, to: "queued", actor: "person", facts: {} });
        return { isNew: true, run };
      }
      const runId = await resolveConflict(question);
      if (runId !== undefined) return { isNew: false, runId };
    }
    throw new AppError("answer_awaited");
  };
}

/** A run that nobody has claimed yet. */
function toQueuedRun({ runId, dialogId, questionId, createdAt, deadlineAt }: QueuedRun): WireRun {
  return {
    run_id: runId,
    dialog_id: dialogId,
    question_id: questionId,
    state: "queued",
    attempt: 0,
    created_at: createdAt.toISOString(),
    deadline_at: deadlineAt.toISOString(),
    ended_at: null,
    cancel_requested: false,
    text: "",
    answer: null,
    usage: null,
    error: null,
  };
}

/**
 * Asks without waiting, and returns the run at once.
 *
 * @throws {AppError} as asking does
 */
export type StartRun = (question: Question) => Promise<WireRun>;

export function createStartRun({ ask, read }: { ask: Ask; read: ReadRun }): StartRun {
  return async (question) => {
    const asked = await ask(question);
    if (asked.isNew) return toQueuedRun(asked.run);
    return read({ runId: asked.runId, userId: question.userId }, "dialog_deleted");
  };
}
