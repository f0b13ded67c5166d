import type { WireRun } from "@deepbot/contract";
import type { RunRow } from "@deepbot/db";

/** @param streamedText of an open run, what was streamed so far */
export function toWireRun(run: RunRow, streamedText = ""): WireRun {
  return {
    run_id: run.runId,
    dialog_id: run.dialogId,
    question_id: run.questionId,
    state: run.state,
    attempt: run.attempt,
    created_at: run.createdAt.toISOString(),
    deadline_at: run.deadlineAt.toISOString(),
    ended_at: run.endedAt?.toISOString() ?? null,
    cancel_requested: run.cancelRequested,
    text: run.endedAt === null ? streamedText : null,
    answer: run.answerId === null ? null : { message_id: run.answerId, content: run.answerText ?? "" },
    usage: run.usage,
    error: run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage },
  };
}
