/** What an operator can change. */
export interface Settings {
  dialogsPerUser: number;
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
  /** How long the audit log is kept; at least the 30 days for which the database refuses to delete it. */
  auditKeepDays: number;
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
  auditKeepDays: 365,
};
