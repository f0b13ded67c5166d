import type { Services } from "../services/index.ts";

type RunWithText = Awaited<ReturnType<Services["runs"]["get"]>>;
type Run = Omit<RunWithText, "said"> & Partial<Pick<RunWithText, "said">>;
type Watched = ReturnType<Services["watches"]["watch"]> extends AsyncGenerator<infer Item> ? Item : never;
type ClaimedRun = Awaited<ReturnType<Services["worker"]["claim"]>>[number];
type LeaseStatus = Awaited<ReturnType<Services["worker"]["heartbeat"]>>;
type Message = Awaited<ReturnType<Services["dialogs"]["messages"]>>[number];

export function roleOf(message: Message): "user" | "bot" {
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
