import type { SendConflict, UsageToday } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** A question of `bytes` in a dialog that holds `messageCount` messages. */
interface RefusedQuestion extends Pick<SendConflict, "messageCount" | "assistant"> {
  bytes: number;
}

/** The error for the first quota that a question would exceed. */
function findRefusal(usage: UsageToday, question: RefusedQuestion): AppError | undefined {
  const { quotas, resetsAt } = usage;
  // An answer must fit too.
  if (question.messageCount + 2 > quotas.messagesPerDialog) {
    return new AppError("dialog_full", { limit: quotas.messagesPerDialog });
  }
  const exceeded = (quota: "questions" | "question_bytes" | "assistant_questions", limit: number) =>
    new AppError("quota_exceeded", { quota, limit, resets_at: resetsAt.toISOString() });
  if (usage.questions >= quotas.questionsPerDay) return exceeded("questions", quotas.questionsPerDay);
  if (usage.questionBytes + question.bytes > quotas.questionBytesPerDay) {
    return exceeded("question_bytes", quotas.questionBytesPerDay);
  }
  const { questions } = question.assistant;
  if (questions !== null && questions.used >= questions.limit) {
    return exceeded("assistant_questions", questions.limit);
  }
  return findTokenRefusal(usage);
}

function findTokenRefusal({ quotas, inputTokens, outputTokens, resetsAt }: UsageToday): AppError | undefined {
  const { tokensPerDay: limit } = quotas;
  if (limit === null || inputTokens + outputTokens < limit) return undefined;
  return new AppError("quota_exceeded", { quota: "tokens", limit, resets_at: resetsAt.toISOString() });
}

/** What people have used of their quotas, and why a statement that takes from them took nothing. */
export interface QuotaReads {
  /** @throws {AppError} `account_not_found` when the account was deleted meanwhile */
  usage: (userId: number) => Promise<UsageToday>;
  /** @throws {AppError} `quota_exceeded` (with `quota`, `limit` and `resets_at`), `dialog_full` (with `limit`) */
  refuseQuestion: (userId: number, question: RefusedQuestion) => Promise<void>;
  /** @throws {AppError} the same, for a question that is stored already */
  refuseRetry: (userId: number, dialog: { messageCount: number }) => Promise<void>;
}

export function createQuotaReads({ statements, settings }: Pick<UseCaseDeps, "statements" | "settings">): QuotaReads {
  const usage = async (userId: number): Promise<UsageToday> => {
    const found = await statements.findUsage({ userId, quotas: settings.quotas });
    if (found === undefined) throw new AppError("account_not_found");
    return found;
  };
  return {
    usage,
    refuseQuestion: async (userId, question) => {
      const refusal = findRefusal(await usage(userId), question);
      if (refusal !== undefined) throw refusal;
    },
    refuseRetry: async (userId, { messageCount }) => {
      const today = await usage(userId);
      const limit = today.quotas.messagesPerDialog;
      if (messageCount >= limit) throw new AppError("dialog_full", { limit });
      const refusal = findTokenRefusal(today);
      if (refusal !== undefined) throw refusal;
    },
  };
}
