import { randomUUID } from "node:crypto";
import type { Locale } from "@deepbot/contract";
import { createStatements, type Database, type Statements } from "@deepbot/db";
import { openTestDatabase, type TestEngine } from "@deepbot/db/testing";
import { createGoogleVerifier, googleIssuers } from "../../src/identity/google.ts";
import { createPseudonym } from "../../src/identity/pseudonym.ts";
import { createKeyCheck } from "../../src/identity/key-check.ts";
import { createSessionTokens, type SessionTokens } from "../../src/identity/authenticate.ts";
import type { Context } from "../../src/context.ts";

import { appRouter } from "../../src/router.ts";
import { ratePolicyNames } from "../../src/limits/rate-policies.ts";
import { createUseCases, type UseCases } from "../../src/use-cases.ts";
import { createCallerFactory } from "../../src/trpc.ts";
import { createEvents, type AppEvent } from "../../src/events/events.ts";
import type { LoopIntervals } from "../../src/loops.ts";
import { defaultSettings, type Settings } from "../../src/settings.ts";
import { createPostgresDeltaStore, openNotifier } from "@deepbot/live";
import { readStreams } from "./read-streams.ts";
import { recordStatements } from "./record-statements.ts";
import { createGoogleKeys, testAudience, type GoogleKeys } from "./google-keys.ts";

export const serviceKey = "service-key";
export const healthKey = "health-key";

/** No test meets them by accident. */
const highRateLimits = Object.fromEntries(ratePolicyNames.map((name) => [name, 10_000_000])) as Settings["rateLimits"];

const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;

export interface CallerOptions {
  sessionToken?: string;
  sessionCookieOutdated?: boolean;
  nonce?: string;
  personalToken?: string;
  serviceKey?: string;
  healthKey?: string;
  locale?: Locale;
  userAgent?: string;
  traceparent?: string;
  signal?: AbortSignal;
}

export interface TestPerson extends Caller {
  userId: number;
  token: string;
  /** The `sub` that signs in as this person again. */
  sub: string;
}

/** The platform without HTTP, on a database of its own. */
export interface Platform {
  database: Database;
  useCases: UseCases;
  google: GoogleKeys;
  sessionTokens: SessionTokens;
  statements: Statements;
  /** Names of the statements that ran, oldest first. */
  statementLog: string[];
  /** Everything that use cases emitted, oldest first. */
  emitted: AppEvent[];
  /** Lines that were logged. */
  logged: { fields: object; message: string }[];
  /** What procedures did to the session cookie, oldest first. */
  cookies: (string | null)[];
  /** The tokens with which procedures renewed it. */
  renewals: string[];
  /** What procedures did to the cookie of the nonce. */
  nonces: (string | null)[];
  as: (options?: CallerOptions) => Caller;
  worker: Caller;
  person: (sub?: string) => Promise<TestPerson>;
  /** Begins the stop, as SIGTERM does. */
  shutdown: () => void;
  close: () => Promise<void>;
}

function createLogOf(logged: Platform["logged"]) {
  const write = (fields: object, message: string): void => void logged.push({ fields, message });
  return { info: write, warn: write, error: write };
}

export interface PlatformOptions {
  intervals?: LoopIntervals;
  /** Of another platform: this one becomes its second server. */
  shared?: Database;
}

/** Fallback polls are off: a notification that is missing must turn a test red, not make it slow. */
const withoutPolls: LoopIntervals = { poll: Infinity, sessionPoll: Infinity, keyPoll: Infinity };

export async function createPlatform(
  engine: TestEngine,
  settings: Partial<Settings> = {},
  { intervals = withoutPolls, shared }: PlatformOptions = {},
): Promise<Platform> {
  const database = shared ?? (await openTestDatabase(engine));
  const statementLog = recordStatements(database.db);
  const statements = createStatements(database.db);
  const google = await createGoogleKeys();
  const stopping = new AbortController();
  const logged: Platform["logged"] = [];
  const cookies: Platform["cookies"] = [];
  const renewals: Platform["renewals"] = [];
  const nonces: Platform["nonces"] = [];
  const log = createLogOf(logged);
  const allSettings = { ...defaultSettings, rateLimits: highRateLimits, ...settings };
  const notifier = await openNotifier(database, { info: () => {}, warn: () => {} });
  const emitted: AppEvent[] = [];
  const events = createEvents((error) => {
    throw error;
  });
  events.subscribe((event) => void emitted.push(event));
  const sessionTokens = createSessionTokens({
    secrets: ["secret-of-tests-secret-of-tests-!"],
    algorithm: "HS256",
    lifetimeMs: allSettings.sessionCookieMaxAgeMs,
  });
  const useCases = createUseCases({
    statements,
    notifier,
    deltaStore: createPostgresDeltaStore(statements, {
      deadlineMs: allSettings.answerDeadlineMs,
      maxMs: allSettings.answerMaxMs,
    }),
    events,
    settings: allSettings,
    log,
    refusalSampler: { admit: () => true },
    shutdown: stopping.signal,
    verifyGoogleToken: createGoogleVerifier({
      audience: testAudience,
      issuers: googleIssuers,
      fetchCertificates: google.fetchCertificates,
    }),
    sessionTokens,
    pseudonym: createPseudonym("secret-of-tests-secret-of-tests-!"),
    isServiceKey: createKeyCheck(serviceKey),
    isHealthKey: createKeyCheck(healthKey),
    googleClientId: testAudience,
    ping: database.ping,
  });
  const stopLoops = useCases.startLoops(intervals);

  const as = ({ signal, locale = "en", ...credentials }: CallerOptions = {}): Caller => {
    const context: Context = {
      useCases,
      caller: {
        requestId: "test",
        locale,
        address: "203.0.113.7",
        network: "203.0.113.7",
        userAgent: undefined,
        traceparent: undefined,
        sessionToken: undefined,
        sessionCookieOutdated: false,
        nonce: undefined,
        personalToken: undefined,
        serviceKey: undefined,
        healthKey: undefined,
        ...credentials,
      },
      setSessionToken: (token) => void cookies.push(token),
      renewSessionToken: (token) => void renewals.push(token),
      setNonce: (nonce) => void nonces.push(nonce),
      reportRateLimit: () => {},
    };
    return readStreams(createCaller(context, signal === undefined ? {} : { signal }));
  };

  const person = async (sub: string = randomUUID()): Promise<TestPerson> => {
    await as().auth.signIn({ token: await google.mint({ sub, email: `${sub}@example.com`, given_name: sub }) });
    const token = cookies.at(-1) ?? "";
    const caller = as({ sessionToken: token });
    const { content } = await caller.auth.me();
    return Object.assign(Object.create(caller) as Caller, { userId: content[0]?.id ?? 0, token, sub });
  };

  return {
    database,
    useCases,
    google,
    sessionTokens,
    statements,
    statementLog,
    emitted,
    logged,
    cookies,
    renewals,
    nonces,
    as,
    worker: as({ serviceKey }),
    person,
    shutdown: () => stopping.abort(),
    close: async () => {
      await stopLoops();
      await notifier.close();
      if (shared === undefined) await database.close();
    },
  };
}
