import type { UsageToday } from "@deepbot/db";

export function toWireUsage({ quotas, resetsAt, ...used }: UsageToday) {
  const { inputTokens: input, outputTokens: output } = used;
  return {
    resets_at: resetsAt.toISOString(),
    questions: { used: used.questions, limit: quotas.questionsPerDay },
    question_bytes: { used: used.questionBytes, limit: quotas.questionBytesPerDay },
    tokens: { used: input + output, limit: quotas.tokensPerDay, input, output },
    messages_per_dialog: quotas.messagesPerDialog,
  };
}
