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
  /** Domains of organisations whose Google accounts may sign in, and single addresses. Both empty: everybody may. */
  signInDomains: readonly string[];
  signInEmails: readonly string[];
  /** From the last request to the end of a session. */
  sessionIdleMs: number;
  /** From the sign-in to the end of a session, however much it is used. */
  sessionMaxAgeMs: number;
  /** Life of the cookie and of the token in it. Both are renewed in use. */
  sessionCookieMaxAgeMs: number;
  /** How long after a sign-in a person may export or delete their account. */
  recentSignInMs: number;
  /** From a cancel to the end of a run whose worker does not release it. */
  cancelGraceMs: number;
  watchesPerUser: number;
  /** Per process. */
  watchesInAll: number;
  /** Requests that wait for an answer, per process too. */
  waitsPerUser: number;
  waitsInAll: number;
  /** How long the audit log is kept; at least the 30 days for which the database refuses to delete it. */
  auditKeepDays: number;
}

const dayMs = 24 * 60 * 60 * 1000;

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
  signInDomains: [],
  signInEmails: [],
  sessionIdleMs: 30 * dayMs,
  sessionMaxAgeMs: 365 * dayMs,
  sessionCookieMaxAgeMs: dayMs,
  recentSignInMs: 15 * 60_000,
  cancelGraceMs: 5_000,
  watchesPerUser: 20,
  watchesInAll: 10_000,
  waitsPerUser: 20,
  waitsInAll: 20_000,
  auditKeepDays: 365,
};
