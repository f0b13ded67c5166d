import { errorMessage, type Locale } from "@deepbot/contract";
import type { MessageRow, PagedMessage } from "@deepbot/db";

export function roleOf({ isBot }: Pick<MessageRow, "isBot">): "user" | "bot" {
  return isBot ? "bot" : "user";
}

/** Why a run ended without an answer: the worker's own words, or ours. */
function reasonOf(
  { state, errorMessage: workerMessage }: NonNullable<PagedMessage["run"]>,
  locale: Locale,
): string | null {
  switch (state) {
    case "failed":
      return workerMessage ?? errorMessage("answer_failed", locale);
    case "expired":
      return errorMessage("answer_deadline", locale);
    case "cancelled":
      return errorMessage("run_cancelled", locale);
    case "queued":
    case "running":
    case "completed":
      return null;
  }
}

/** A message without its run. */
export function toStoredMessage(message: Omit<PagedMessage, "run">) {
  return {
    message_id: message.messageId,
    seq: message.seq,
    role: roleOf(message),
    content: message.content,
    created_at: message.createdAt,
    partial: message.partial,
  };
}

export function toWireMessage(message: PagedMessage, locale: Locale) {
  const { run } = message;
  return {
    ...toStoredMessage(message),
    run: run && { run_id: run.runId, state: run.state, reason: reasonOf(run, locale) },
  };
}
