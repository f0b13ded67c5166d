import type { DatabaseLocation } from "@deepbot/db";
import { defaultSettings, sessionAlgorithms, type SessionAlgorithm, type Settings } from "@deepbot/api/server";
import { ConfigError, describeIssues, logLevel, resolveEnvironment, whole, type Environment } from "@deepbot/runtime";
import { z } from "zod";
import type { AddressRange } from "./request/client-address.ts";
import { readDatabaseLocation } from "./config/database-location.ts";
import { developmentDefaults, findDevelopmentProblems, loopbackHosts } from "./config/development.ts";
import { findDatabaseProblems, findProductionProblems } from "./config/production.ts";
import { rateLimitSettings, readRateLimits } from "./config/rate-limits.ts";
import { readWebhookSettings, webhookSettings } from "./config/webhooks.ts";
import { previousSecrets, requiredSecrets } from "./config/secrets.ts";
import { truth } from "./config/truth.ts";

/** The source of ID tokens: Google, or during development the server itself. */
export type Issuer =
  /** `certificatesUrl` is Google's own; only a test that builds its own configuration names another. */
  { kind: "google"; clientId: string; certificatesUrl?: string } | { kind: "development" };

export interface Config {
  production: boolean;
  host: string;
  port: number;
  database: DatabaseLocation;
  /** Each of these is valid. */
  serviceKeys: readonly string[];
  /** Each of these is valid. */
  healthKeys: readonly string[];
  /** The first signs, each verifies. */
  sessionSecrets: readonly [string, ...string[]];
  sessionAlgorithm: SessionAlgorithm;
  secureCookie: boolean;
  /** The one foreign origin that browsers may call from. */
  frontOrigin: string;
  /** Host names that are served. */
  allowedHosts: readonly string[];
  /** Proxies whose word about the client's address is believed. */
  trustedProxies: readonly AddressRange[];
  issuer: Issuer;
  settings: Settings;
  logLevel: string;
}

const databaseSecrets = [
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "DATABASE_PASSWORD",
  "MIGRATION_DATABASE_URL",
  "MIGRATION_DATABASE_PASSWORD",
];

const origin = z.string("must be set").refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && text.replace(/\/$/, "") === url.origin;
}, "must be an origin, such as https://chat.example.com");

/** Names separated by commas, in lower case. */
const names = z.string().transform((text) =>
  text
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean),
);

/** Host names, without scheme and port. IPv6 addresses stand in brackets. */
const hosts = names.refine(
  (all) => all.length > 0 && all.every((host) => /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/.test(host)),
  "must be host names separated by commas, such as chat.example.com,10.0.0.7",
);

const required = z.string("must be set");

const domains = names.refine(
  (each) => each.length > 0 && each.every((domain) => /^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/.test(domain)),
  "must be domains, such as example.com, separated by commas",
);

const emails = names.refine(
  (each) => each.length > 0 && each.every((email) => /^[^@\s]+@[^@\s]+$/.test(email)),
  "must be e-mail addresses, separated by commas",
);

const minuteMs = 60_000;
const yearMs = 365 * 24 * 60 * minuteMs;

const schema = z.object({
  DEEPBOT_DEV: z.enum(["true", "false"], "must be true or false").default("false"),
  HOST: z.string().default("127.0.0.1"),
  PORT: whole(0, 65_535).default(8000),
  API_KEY_AI: required,
  API_KEY_AI_PREVIOUS: z.string().optional(),
  SECRET_KEY_JWT: required,
  SECRET_KEY_JWT_PREVIOUS: z.string().optional(),
  HEALTH_SECRET_KEY: required,
  HEALTH_SECRET_KEY_PREVIOUS: z.string().optional(),
  ALGORITHM: z.enum(sessionAlgorithms, `must be one of ${sessionAlgorithms.join(", ")}`).default("HS256"),
  ADDRESS_FRONT: origin,
  GOOGLE_CLIENT_ID: z.string().optional(),
  SECURE_HTTP_HTTPS: truth.default(false),
  ALLOWED_HOSTS: hosts.default([]),
  EMBEDDED_IN_PRODUCTION: truth.default(false),
  SIGN_IN_DOMAINS: domains.default([]),
  SIGN_IN_EMAILS: emails.default([]),
  ADMIN_EMAILS: emails.default([]),
  SERVICE_KEYS_MAX: whole(1, 10_000).default(defaultSettings.serviceKeysMax),
  SESSION_IDLE_MS: whole(minuteMs, 10 * yearMs).default(defaultSettings.sessionIdleMs),
  SESSION_MAX_AGE_MS: whole(minuteMs, 10 * yearMs).default(defaultSettings.sessionMaxAgeMs),
  SESSION_COOKIE_MAX_AGE_MS: whole(minuteMs, 10 * yearMs).default(defaultSettings.sessionCookieMaxAgeMs),
  RECENT_SIGN_IN_MS: whole(1_000, yearMs).default(defaultSettings.recentSignInMs),
  ASSISTANTS_MAX: whole(1, 500).default(defaultSettings.assistantsMax),
  DATABASE_POOL_MAX: whole(1, 1_000).default(10),
  DIALOGS_PER_USER: whole(1, 10_000).default(defaultSettings.dialogsPerUser),
  QUESTIONS_PER_DAY: whole(0, 1_000_000_000).default(defaultSettings.quotas.questionsPerDay),
  QUESTION_BYTES_PER_DAY: whole(0, Number.MAX_SAFE_INTEGER).default(defaultSettings.quotas.questionBytesPerDay),
  TOKENS_PER_DAY: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  MESSAGES_PER_DIALOG: whole(2, 1_000_000_000).default(defaultSettings.quotas.messagesPerDialog),
  ANSWER_DEADLINE_MS: whole(100, 3_600_000).default(defaultSettings.answerDeadlineMs),
  ANSWER_MAX_MS: whole(100, 24 * 3_600_000).default(defaultSettings.answerMaxMs),
  RUN_MAX_ATTEMPTS: whole(1, 100).default(defaultSettings.maxAttempts),
  RETRY_BACKOFF_MS: whole(0, 600_000).default(defaultSettings.retryBackoffMs),
  CANCEL_GRACE_MS: whole(0, 600_000).default(defaultSettings.cancelGraceMs),
  WATCHES_PER_USER: whole(1, 100_000).default(defaultSettings.watchesPerUser),
  WATCHES_IN_ALL: whole(1, 1_000_000).default(defaultSettings.watchesInAll),
  WAITS_PER_USER: whole(1, 100_000).default(defaultSettings.waitsPerUser),
  WAITS_IN_ALL: whole(1, 1_000_000).default(defaultSettings.waitsInAll),
  CLAIMS_PER_KEY: whole(1, 100_000).default(defaultSettings.claimsPerKey),
  CLAIMS_IN_ALL: whole(1, 1_000_000).default(defaultSettings.claimsInAll),
  AUDIT_KEEP_DAYS: whole(30, 3_650).default(defaultSettings.auditKeepDays),
  LOG_LEVEL: logLevel.default("info"),
  ...rateLimitSettings,
  ...webhookSettings,
});

const withoutAbsent = <T>(...values: (T | undefined)[]): T[] => values.filter((value) => value !== undefined);

interface Given {
  values: Record<string, string>;
  development: boolean;
  location: DatabaseLocation | { problem: string };
  problems: string[];
}

function readGiven(environment: Environment): Given {
  const secretNames = [...databaseSecrets, ...requiredSecrets];
  const { values, problems } = resolveEnvironment(environment, { secretNames, optionalSecretNames: previousSecrets });
  const location = readDatabaseLocation(values);
  if ("problem" in location) problems.push(location.problem);
  return { values, development: values["DEEPBOT_DEV"] === "true", location, problems };
}

/** For those who start the server without settings to try it. */
const howToTry = "To try Deepbot on this machine use `run dev`, or set DEEPBOT_DEV=true.";

/** What the use cases are told. */
function settingsOf(env: z.infer<typeof schema>): Settings {
  return {
    ...defaultSettings,
    signInDomains: env.SIGN_IN_DOMAINS,
    signInEmails: env.SIGN_IN_EMAILS,
    adminEmails: env.ADMIN_EMAILS,
    serviceKeysMax: env.SERVICE_KEYS_MAX,
    sessionIdleMs: env.SESSION_IDLE_MS,
    sessionMaxAgeMs: env.SESSION_MAX_AGE_MS,
    sessionCookieMaxAgeMs: env.SESSION_COOKIE_MAX_AGE_MS,
    recentSignInMs: env.RECENT_SIGN_IN_MS,
    assistantsMax: env.ASSISTANTS_MAX,
    dialogsPerUser: env.DIALOGS_PER_USER,
    quotas: {
      questionsPerDay: env.QUESTIONS_PER_DAY,
      questionBytesPerDay: env.QUESTION_BYTES_PER_DAY,
      tokensPerDay: env.TOKENS_PER_DAY ?? null,
      messagesPerDialog: env.MESSAGES_PER_DIALOG,
    },
    answerDeadlineMs: env.ANSWER_DEADLINE_MS,
    answerMaxMs: Math.max(env.ANSWER_MAX_MS, env.ANSWER_DEADLINE_MS),
    maxAttempts: env.RUN_MAX_ATTEMPTS,
    retryBackoffMs: env.RETRY_BACKOFF_MS,
    cancelGraceMs: env.CANCEL_GRACE_MS,
    watchesPerUser: env.WATCHES_PER_USER,
    watchesInAll: env.WATCHES_IN_ALL,
    waitsPerUser: env.WAITS_PER_USER,
    waitsInAll: env.WAITS_IN_ALL,
    claimsPerKey: env.CLAIMS_PER_KEY,
    claimsInAll: env.CLAIMS_IN_ALL,
    auditKeepDays: env.AUDIT_KEEP_DAYS,
    webhooks: readWebhookSettings(env),
    ...readRateLimits(env),
  };
}

/**
 * Reads and checks the environment.
 *
 * @throws {ConfigError} with everything that is wrong with it
 */
export function readConfig(environment: Environment = process.env): Config {
  const { values, development, location, problems } = readGiven(environment);
  const parsed = schema.safeParse({ ...(development ? developmentDefaults : {}), ...values });
  problems.push(...describeIssues(parsed.error));
  if (development) problems.push(...findDevelopmentProblems(values, parsed.data?.ALLOWED_HOSTS ?? []));
  else problems.push(...findProductionProblems(values, location));
  if (!parsed.success || "problem" in location || problems.length > 0) {
    throw new ConfigError(problems, development ? undefined : howToTry);
  }
  const env = parsed.data;
  return {
    production: !development,
    host: env.HOST,
    port: env.PORT,
    database: location.engine === "postgres" ? { ...location, maxConnections: env.DATABASE_POOL_MAX } : location,
    serviceKeys: withoutAbsent(env.API_KEY_AI, env.API_KEY_AI_PREVIOUS),
    healthKeys: withoutAbsent(env.HEALTH_SECRET_KEY, env.HEALTH_SECRET_KEY_PREVIOUS),
    sessionSecrets: [env.SECRET_KEY_JWT, ...withoutAbsent(env.SECRET_KEY_JWT_PREVIOUS)],
    sessionAlgorithm: env.ALGORITHM,
    secureCookie: env.SECURE_HTTP_HTTPS,
    frontOrigin: env.ADDRESS_FRONT.replace(/\/$/, ""),
    allowedHosts: development ? [...loopbackHosts, ...env.ALLOWED_HOSTS] : env.ALLOWED_HOSTS,
    trustedProxies: env.TRUSTED_PROXIES,
    issuer: development ? { kind: "development" } : { kind: "google", clientId: env.GOOGLE_CLIENT_ID ?? "" },
    settings: settingsOf(env),
    logLevel: env.LOG_LEVEL,
  };
}

/**
 * Reads what the migration of a database needs: no other setting and no other secret.
 *
 * @throws {ConfigError} as `readConfig`
 */
export function readDatabaseConfig(environment: Environment = process.env): DatabaseLocation {
  const { values, development, location, problems } = readGiven(environment);
  if (!development) problems.push(...findDatabaseProblems(values, location));
  if ("problem" in location || problems.length > 0) throw new ConfigError(problems, development ? undefined : howToTry);
  return location;
}
