import type { Quotas } from "@deepbot/db";
import type { RatePolicy } from "./limits/rate-policies.ts";

/** What an operator can change about webhooks. */
export interface WebhookSettings {
  perAssistant: number;
  /** For one attempt, and for the first report on a run that was pushed. */
  timeoutMs: number;
  /** Requests to one host at once, of one server. */
  parallelPerHost: number;
  /** Failed deliveries in a row that disable a webhook. */
  maxFailures: number;
  keepDays: number;
  /** For tests and development: addresses with http://, and hosts that are not on the public Internet. */
  allowHttp: boolean;
  allowPrivate: boolean;
}

/** What an operator can change. */
export interface Settings {
  dialogsPerUser: number;
  /** What a person may use unless their row in the database says otherwise. */
  quotas: Quotas;
  /** From a question, or its worker's last sign of life, to `expired`. Waits for an answer end after it too. */
  answerDeadlineMs: number;
  /** The same from the question on, whatever signs of life there are. */
  answerMaxMs: number;
  maxAttempts: number;
  /** Delay before the second attempt; doubles with each further one. */
  retryBackoffMs: number;
  /** Domains of organisations whose Google accounts may sign in, and single addresses. Both empty: everybody may. */
  signInDomains: readonly string[];
  signInEmails: readonly string[];
  /** Addresses of the people who operate the platform, in lower case. */
  adminEmails: readonly string[];
  /** Disabled ones included. */
  assistantsMax: number;
  /** Live service keys, beside those of the environment. */
  serviceKeysMax: number;
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
  /** Claims that wait or are being made with one service key, and in all; of one process. */
  claimsPerKey: number;
  claimsInAll: number;
  /** How long the audit log is kept; at least the 30 days for which the database refuses to delete it. */
  auditKeepDays: number;
  /** Requests that one subject may make in the window of each policy, at all servers together. */
  rateLimits: Readonly<Record<RatePolicy, number>>;
  /** How many servers share the load, and so the rate limits. */
  servers: number;
  webhooks: WebhookSettings;
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
  answerMaxMs: 30 * 60_000,
  maxAttempts: 3,
  retryBackoffMs: 1_000,
  signInDomains: [],
  signInEmails: [],
  adminEmails: [],
  assistantsMax: 100,
  serviceKeysMax: 500,
  sessionIdleMs: 30 * dayMs,
  sessionMaxAgeMs: 365 * dayMs,
  sessionCookieMaxAgeMs: dayMs,
  recentSignInMs: 15 * 60_000,
  cancelGraceMs: 5_000,
  watchesPerUser: 20,
  watchesInAll: 10_000,
  waitsPerUser: 20,
  waitsInAll: 20_000,
  claimsPerKey: 2_000,
  claimsInAll: 10_000,
  auditKeepDays: 365,
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
  webhooks: {
    perAssistant: 5,
    timeoutMs: 30_000,
    parallelPerHost: 20,
    maxFailures: 20,
    keepDays: 7,
    allowHttp: false,
    allowPrivate: false,
  },
};
