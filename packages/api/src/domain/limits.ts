/** Limits of the contract. Those an operator may change are in {@link Settings}. */
export const limits = {
  dialogNameMin: 3,
  dialogNameMax: 20,
  questionMin: 1,
  questionMax: 2000,
  answerMaxBytes: 64 * 1024,
  workerNameMax: 100,
  claimMax: 50,
  claimWaitMaxMs: 25_000,
  leaseMinMs: 1_000,
  leaseMaxMs: 600_000,
  leaseDefaultMs: 30_000,
  historyMax: 1_000,
  historyDefault: 100,
  messagePageMax: 200,
  messagePageDefault: 50,
  sessionsShown: 100,
  userAgentMax: 200,
  deltaMaxCharacters: 8 * 1024,
  deltaSeqMax: 100_000,
  failureCodeMax: 64,
  failureMessageMax: 500,
} as const;

/** What an operator sets. */
export interface Settings {
  dialogsPerUser: number;
  /** From the question to `expired`. */
  answerDeadlineMs: number;
  maxAttempts: number;
  /** Wait before the second attempt; doubles with each further one. */
  retryBackoffMs: number;
  sessionLifetimeMs: number;
  /** From a cancel to the end of a run whose worker does not let go. */
  cancelGraceMs: number;
  watchesPerUser: number;
  /** In this process. */
  watchesInAll: number;
}

export const defaultSettings: Settings = {
  dialogsPerUser: 5,
  answerDeadlineMs: 120_000,
  maxAttempts: 3,
  retryBackoffMs: 1_000,
  sessionLifetimeMs: 24 * 60 * 60 * 1000,
  cancelGraceMs: 5_000,
  watchesPerUser: 20,
  watchesInAll: 10_000,
};
