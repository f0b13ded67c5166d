import { limits, type WireRun } from "@deepbot/contract";
import type { AskMetadata, RunRow } from "@deepbot/db";
import type { QuotaReads } from "../account/quotas.ts";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { FindRun, RunKey } from "./find-run.ts";
import type { ReadRun } from "./read-run.ts";

/**
 * Asks the question of an ended run again. The question was taken from the day's quotas when it was sent, so this takes
 * nothing; but it needs tokens for today, and a question has no more than `limits.runsPerQuestion` runs.
 *
 * @returns the new run
 * @throws {AppError} `run_not_found`; `answer_awaited` while an answer is awaited; `run_not_retryable` when the question has
 *   an answer or is not the last of its dialog; `retry_limit` (with `limit`), `assistant_disabled`,
 *   `quota_exceeded`, `dialog_full`
 */
export type RetryRun = (key: RunKey, metadata: AskMetadata) => Promise<WireRun>;

export function createRetryRun(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  { find, read, quotas }: { find: FindRun; read: ReadRun; quotas: QuotaReads },
): RetryRun {
  const maxRuns = limits.runsPerQuestion;

  const refuse = async ({ dialogId, questionId, state }: RunRow, userId: number): Promise<never> => {
    const conflict = await statements.findSendConflict({ dialogId, userId, clientMessageId: null });
    if (conflict === undefined) throw new AppError("run_not_found");
    if (conflict.openRunId !== null) throw new AppError("answer_awaited", { run_id: conflict.openRunId });
    if (state === "completed") throw new AppError("run_not_retryable");
    if ((await statements.countRunsOfQuestion(questionId)) >= maxRuns) {
      throw new AppError("retry_limit", { limit: maxRuns });
    }
    if (conflict.assistant.isDisabled) throw new AppError("assistant_disabled");
    await quotas.refuseRetry(userId, conflict);
    throw new AppError("run_not_retryable");
  };

  return async (key, metadata) => {
    const run = await find(key);
    if (run === undefined) throw new AppError("run_not_found");
    const { answerDeadlineMs: deadlineMs, maxAttempts } = settings;
    const { tokensPerDay, messagesPerDialog } = settings.quotas;
    const retry = { ...key, deadlineMs, maxAttempts, maxRuns, metadata, quotas: { tokensPerDay, messagesPerDialog } };
    const queued = await statements.insertRetry(retry);
    if (queued === undefined) return refuse(run, key.userId);
    const facts = { retryOf: key.runId };
    const ids = { ...queued, ownerId: key.userId };
    events.emit({ kind: "run_transition", ...ids, from: null, to: "queued", actor: "person", facts });
    return read({ runId: queued.runId, userId: key.userId }, "dialog_deleted");
  };
}
