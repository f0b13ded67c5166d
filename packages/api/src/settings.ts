import type { Quotas } from "@deepbot/db";

/** What an operator can change. */
export interface Settings {
  dialogsPerUser: number;
  /** What a person may use unless their row in the database says otherwise. */
  quotas: Quotas;
  /** From a question to `expired`. */
  answerDeadlineMs: number;
  maxAttempts: number;
  /** Delay before the second attempt; doubles with each further one. */
  retryBackoffMs: number;
  sessionLifetimeMs: number;
  /** From a cancel to the end of a run whose worker does not release it. */
  cancelGraceMs: number;
  watchesPerUser: number;
  /** Per process. */
  watchesInAll: number;
}

export const defaultSettings: Settings = {
  dialogsPerUser: 5,
  // Far beyond what a person types or reads; they bound what a script can store and make a model cost.
  quotas: {
    questionsPerDay: 2_000,
    questionBytesPerDay: 8_000_000,
    tokensPerDay: null,
    messagesPerDialog: 10_000,
  },
  answerDeadlineMs: 120_000,
  maxAttempts: 3,
  retryBackoffMs: 1_000,
  sessionLifetimeMs: 24 * 60 * 60 * 1000,
  cancelGraceMs: 5_000,
  watchesPerUser: 20,
  watchesInAll: 10_000,
};
