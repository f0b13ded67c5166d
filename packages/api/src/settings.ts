import type { RatePolicy } from "./rate-policies.ts";

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
  /** Requests that one subject may make in the window of each policy, at all servers together. */
  rateLimits: Readonly<Record<RatePolicy, number>>;
  /** How many servers share the load, and so the rate limits. */
  servers: number;
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
  rateLimits: {
    sign_in: 300,
    public: 3_000,
    refused: 600,
    send: 30,
    change: 120,
    export: 10,
    read: 1_200,
    claim: 12_000,
    report: 600_000,
    operator: 600,
  },
  servers: 1,
};
