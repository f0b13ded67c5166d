import type { Locale } from "../domain/locale.ts";
import { errorText } from "../error-texts.ts";
import type { Services } from "../services/index.ts";

type RunWithText = Awaited<ReturnType<Services["runs"]["get"]>>;
type Run = Omit<RunWithText, "said"> & Partial<Pick<RunWithText, "said">>;
type Watched = ReturnType<Services["watches"]["watch"]> extends AsyncGenerator<infer Item> ? Item : never;
type ClaimedRun = Awaited<ReturnType<Services["worker"]["claim"]>>[number];
type LeaseStatus = Awaited<ReturnType<Services["worker"]["heartbeat"]>>;
type PagedMessage = Awaited<ReturnType<Services["dialogs"]["messagePage"]>>["messages"][number];
type Message = Awaited<ReturnType<Services["dialogs"]["messages"]>>[number];

export function roleOf(message: Pick<Message, "isBot">): "user" | "bot" {
  return message.isBot ? "bot" : "user";
}

export function questionOf(
  userId: number,
  input: { dialog_id: number; text_user: string; client_message_id?: string | undefined },
) {
  return {
    userId,
    dialogId: input.dialog_id,
    text: input.text_user,
    clientMessageId: input.client_message_id ?? null,
  };
}

export function leaseOf(input: { run_id: number; lease_token: string }) {
  return { runId: input.run_id, leaseToken: input.lease_token };
}

export function runOf(run: Run) {
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
    text: run.endedAt === null ? (run.said?.text ?? "") : null,
    answer: run.answerId === null ? null : { message_id: run.answerId, content: run.answerText ?? "" },
    usage: run.usage,
    error: run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage },
  };
}

export function claimedRunOf(run: ClaimedRun) {
  return {
    run_id: run.runId,
    dialog_id: run.dialogId,
    user_id: run.userId,
    attempt: run.attempt,
    max_attempts: run.maxAttempts,
    lease_token: run.leaseToken,
    lease_until: run.leaseUntil.toISOString(),
    deadline_at: run.deadlineAt.toISOString(),
    messages: run.messages,
  };
}

export function eventOf({ event }: Watched) {
  return event.type === "end" ? { type: event.type, run: runOf(event.run) } : event;
}

export function leaseStatusOf(runId: number, status: LeaseStatus) {
  return {
    run_id: runId,
    lease_until: status.leaseUntil.toISOString(),
    deadline_at: status.deadlineAt.toISOString(),
    cancel_requested: status.cancelRequested,
  };
}

/** Why a run ended without an answer: its worker's words, or ours. */
function reasonOf({ state, errorMessage }: NonNullable<PagedMessage["run"]>, locale: Locale): string | null {
  switch (state) {
    case "failed":
      return errorMessage ?? errorText("answer_failed", locale);
    case "expired":
      return errorText("answer_deadline", locale);
    case "cancelled":
      return errorText("run_cancelled", locale);
    case "queued":
    case "running":
    case "completed":
      return null;
  }
}

export function pagedMessageOf(message: PagedMessage, locale: Locale) {
  const { run } = message;
  return {
    message_id: message.messageId,
    seq: message.seq,
    role: roleOf(message),
    content: message.content,
    created_at: message.createdAt,
    partial: message.partial,
    run: run && { run_id: run.runId, state: run.state, reason: reasonOf(run, locale) },
  };
}
