import type { WireRun } from "@deepbot/contract";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { FindRun, RunKey } from "./find-run.ts";
import type { ReadRun } from "./read-run.ts";

/**
 * Asks the question of an ended run again.
 *
 * @returns the new run
 * @throws {AppError} `run_not_found`; `answer_awaited` while an answer is awaited; `run_not_retryable` when the question has
 *   an answer or is not the last of its dialog
 */
export type RetryRun = (key: RunKey) => Promise<WireRun>;

export function createRetryRun(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  { find, read }: { find: FindRun; read: ReadRun },
): RetryRun {
  const refuse = async (dialogId: number, userId: number): Promise<never> => {
    const conflict = await statements.findSendConflict({ dialogId, userId, clientMessageId: null });
    if (conflict === undefined) throw new AppError("run_not_found");
    throw conflict.openRunId === null
      ? new AppError("run_not_retryable")
      : new AppError("answer_awaited", { run_id: conflict.openRunId });
  };

  return async (key) => {
    const run = await find(key);
    if (run === undefined) throw new AppError("run_not_found");
    const { answerDeadlineMs: deadlineMs, maxAttempts } = settings;
    const queued = await statements.insertRetry({ ...key, deadlineMs, maxAttempts });
    if (queued === undefined) return refuse(run.dialogId, key.userId);
    const facts = { retryOf: key.runId };
    const ids = { ...queued, ownerId: key.userId };
    events.emit({ kind: "run_transition", ...ids, from: null, to: "queued", actor: "person", facts });
    return read({ runId: queued.runId, userId: key.userId }, "dialog_deleted");
  };
}
