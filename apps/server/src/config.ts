import type { DatabaseLocation } from "@deepbot/db";
import { defaultSettings, sessionAlgorithms, type SessionAlgorithm, type Settings } from "@deepbot/api/server";
import { ConfigError, describeIssues, logLevel, resolveEnvironment, whole, type Environment } from "@deepbot/runtime";
import { z } from "zod";
import { readDatabaseLocation } from "./config/database-location.ts";
import { findSecretProblem, isExample } from "./config/secrets.ts";

/** The source of ID tokens: Google, or during development the server itself. */
export type Issuer =
  | { kind: "google"; clientId: string; certificatesUrl: string | undefined }
  | { kind: "development" };

export interface Config {
  production: boolean;
  host: string;
  port: number;
  database: DatabaseLocation;
  serviceKey: string;
  healthKey: string;
  sessionSecret: string;
  sessionAlgorithm: SessionAlgorithm;
  secureCookie: boolean;
  /** The one foreign origin that browsers may call from. */
  frontOrigin: string;
  /** Host names that are served; empty serves any. */
  allowedHosts: readonly string[];
  issuer: Issuer;
  settings: Settings;
  logLevel: string;
}

const secretNames = ["API_KEY_AI", "SECRET_KEY_JWT", "HEALTH_SECRET_KEY", "DATABASE_URL", "DATABASE_PASSWORD"];

/** Secrets for development. In production each must be set. */
const developmentSecrets: Readonly<Record<string, string>> = {
  API_KEY_AI: "dev-messages-key",
  SECRET_KEY_JWT: "dev-secret-key-jwt",
  HEALTH_SECRET_KEY: "dev-health-key",
};

const truth = z
  .string()
  .regex(/^(true|false|1|0)$/i, "must be true or false")
  .transform((text) => /^(true|1)$/i.test(text));

const origin = z.string().refine((text) => {
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
  NODE_ENV: z.string().default("development"),
  HOST: z.string().default("127.0.0.1"),
  PORT: whole(0, 65_535).default(8000),
  API_KEY_AI: z.string(),
  SECRET_KEY_JWT: z.string(),
  HEALTH_SECRET_KEY: z.string(),
  ALGORITHM: z.enum(sessionAlgorithms, `must be one of ${sessionAlgorithms.join(", ")}`).default("HS256"),
  ADDRESS_FRONT: origin.default("http://localhost:5173"),
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CERTIFICATES_URL: z.url("must be an address").optional(),
  SECURE_HTTP_HTTPS: truth.default(false),
  ALLOWED_HOSTS: names.default([]),
  SIGN_IN_DOMAINS: domains.default([]),
  SIGN_IN_EMAILS: emails.default([]),
  SESSION_IDLE_MS: whole(minuteMs, 10 * yearMs).default(defaultSettings.sessionIdleMs),
  SESSION_MAX_AGE_MS: whole(minuteMs, 10 * yearMs).default(defaultSettings.sessionMaxAgeMs),
  SESSION_COOKIE_MAX_AGE_MS: whole(minuteMs, 10 * yearMs).default(defaultSettings.sessionCookieMaxAgeMs),
  RECENT_SIGN_IN_MS: whole(1_000, yearMs).default(defaultSettings.recentSignInMs),
  DIALOGS_PER_USER: whole(1, 10_000).default(defaultSettings.dialogsPerUser),
  ANSWER_DEADLINE_MS: whole(100, 3_600_000).default(defaultSettings.answerDeadlineMs),
  RUN_MAX_ATTEMPTS: whole(1, 100).default(defaultSettings.maxAttempts),
  RETRY_BACKOFF_MS: whole(0, 600_000).default(defaultSettings.retryBackoffMs),
  CANCEL_GRACE_MS: whole(0, 600_000).default(defaultSettings.cancelGraceMs),
  WATCHES_PER_USER: whole(1, 100_000).default(defaultSettings.watchesPerUser),
  WATCHES_IN_ALL: whole(1, 1_000_000).default(defaultSettings.watchesInAll),
  WAITS_PER_USER: whole(1, 100_000).default(defaultSettings.waitsPerUser),
  WAITS_IN_ALL: whole(1, 1_000_000).default(defaultSettings.waitsInAll),
  LOG_LEVEL: logLevel.default("info"),
});

function findProductionProblems(given: Readonly<Record<string, string>>): string[] {
  const absent = ["GOOGLE_CLIENT_ID", "ADDRESS_FRONT"].filter((name) => given[name] === undefined);
  const problems = absent.map((name) => `${name} must be set in production`);
  if (given["GOOGLE_CLIENT_ID"]?.startsWith("your-")) problems.push("GOOGLE_CLIENT_ID is still the example");
  if (given["GOOGLE_CERTIFICATES_URL"] !== undefined) {
    problems.push("GOOGLE_CERTIFICATES_URL is for development and tests; in production only Google's own is used");
  }
  if (!/^(true|1)$/i.test(given["SECURE_HTTP_HTTPS"] ?? "")) {
    problems.push("SECURE_HTTP_HTTPS must be true in production: the session cookie travels over HTTPS only");
  }
  for (const name of ["API_KEY_AI", "SECRET_KEY_JWT", "HEALTH_SECRET_KEY"]) {
    const problem = findSecretProblem(given[name]);
    if (problem !== undefined) problems.push(`${name} ${problem}`);
  }
  if (isExample(given["DATABASE_PASSWORD"] ?? "")) problems.push("DATABASE_PASSWORD is still an example");
  return problems;
}

/**
 * Reads and checks the environment.
 *
 * @throws {ConfigError} with everything that is wrong with it
 */
export function readConfig(environment: Environment = process.env): Config {
  const { values, problems } = resolveEnvironment(environment, secretNames);
  const production = values["NODE_ENV"] === "production";
  if (production) problems.push(...findProductionProblems(values));
  const location = readDatabaseLocation(values);
  if ("problem" in location) problems.push(location.problem);
  const parsed = schema.safeParse({ ...developmentSecrets, ...values });
  problems.push(...describeIssues(parsed.error));
  if (!parsed.success || "problem" in location || problems.length > 0) throw new ConfigError(problems);
  const env = parsed.data;
  return {
    production,
    host: env.HOST,
    port: env.PORT,
    database: location,
    serviceKey: env.API_KEY_AI,
    healthKey: env.HEALTH_SECRET_KEY,
    sessionSecret: env.SECRET_KEY_JWT,
    sessionAlgorithm: env.ALGORITHM,
    secureCookie: env.SECURE_HTTP_HTTPS,
    frontOrigin: env.ADDRESS_FRONT.replace(/\/$/, ""),
    allowedHosts: env.ALLOWED_HOSTS,
    issuer:
      env.GOOGLE_CLIENT_ID === undefined
        ? { kind: "development" }
        : { kind: "google", clientId: env.GOOGLE_CLIENT_ID, certificatesUrl: env.GOOGLE_CERTIFICATES_URL },
    settings: {
      ...defaultSettings,
      signInDomains: env.SIGN_IN_DOMAINS,
      signInEmails: env.SIGN_IN_EMAILS,
      sessionIdleMs: env.SESSION_IDLE_MS,
      sessionMaxAgeMs: env.SESSION_MAX_AGE_MS,
      sessionCookieMaxAgeMs: env.SESSION_COOKIE_MAX_AGE_MS,
      recentSignInMs: env.RECENT_SIGN_IN_MS,
      dialogsPerUser: env.DIALOGS_PER_USER,
      answerDeadlineMs: env.ANSWER_DEADLINE_MS,
      maxAttempts: env.RUN_MAX_ATTEMPTS,
      retryBackoffMs: env.RETRY_BACKOFF_MS,
      cancelGraceMs: env.CANCEL_GRACE_MS,
      watchesPerUser: env.WATCHES_PER_USER,
      watchesInAll: env.WATCHES_IN_ALL,
      waitsPerUser: env.WAITS_PER_USER,
      waitsInAll: env.WAITS_IN_ALL,
    },
    logLevel: env.LOG_LEVEL,
  };
}
