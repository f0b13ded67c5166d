import { randomUUID } from "node:crypto";
import { createQueries, type Database, type Queries } from "@deepbot/db";
import { openTestDatabase, type TestEngine } from "@deepbot/db/testing";
import { createGoogleVerifier, googleIssuers } from "../../src/auth/google-id-token.ts";
import { createKeyCheck } from "../../src/auth/service-key.ts";
import { createSessionTokens } from "../../src/auth/session-token.ts";
import type { Context } from "../../src/context.ts";
import { defaultSettings, type Settings } from "../../src/domain/limits.ts";
import type { Locale } from "../../src/domain/locale.ts";
import { appRouter } from "../../src/routers/index.ts";
import { createServices, type Services } from "../../src/services/index.ts";
import { createCallerFactory } from "../../src/trpc.ts";
import { createGoogleKeys, testAudience, type GoogleKeys } from "./google-keys.ts";

export const messagesKey = "messages-key";
export const healthKey = "health-key";

const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;

export interface CallerOptions {
  sessionToken?: string;
  messagesKey?: string;
  healthKey?: string;
  locale?: Locale;
  userAgent?: string;
  signal?: AbortSignal;
}

export interface TestPerson extends Caller {
  userId: number;
  token: string;
  /** The `sub` that signs in as this person again. */
  sub: string;
}

/** The platform without its HTTP edge, on a database of its own. */
export interface Platform {
  database: Database;
  queries: Queries;
  services: Services;
  google: GoogleKeys;
  /** Lines that services logged. */
  logged: { fields: object; message: string }[];
  /** What procedures did to the session cookie, oldest first. */
  cookies: (string | null)[];
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

export async function createPlatform(engine: TestEngine, settings: Partial<Settings> = {}): Promise<Platform> {
  const database = await openTestDatabase(engine);
  const queries = createQueries(database.db);
  const google = await createGoogleKeys();
  const stopping = new AbortController();
  const logged: Platform["logged"] = [];
  const cookies: Platform["cookies"] = [];
  const log = createLogOf(logged);
  const allSettings = { ...defaultSettings, ...settings };
  const hints = await database.openHints({ info: () => {}, warn: () => {} });
  const services = createServices({
    queries,
    hints,
    settings: allSettings,
    log,
    shutdown: stopping.signal,
    verifyGoogleToken: createGoogleVerifier({
      audience: testAudience,
      issuers: googleIssuers,
      fetchCertificates: google.fetchCertificates,
    }),
    sessionTokens: createSessionTokens({
      secret: "secret-of-tests-secret-of-tests-!",
      algorithm: "HS256",
      lifetimeMs: allSettings.sessionLifetimeMs,
    }),
    isMessagesKey: createKeyCheck(messagesKey),
    isHealthKey: createKeyCheck(healthKey),
    googleClientId: testAudience,
    ping: database.ping,
  });
  const stopLoops = services.startLoops();

  const as = ({ signal, locale = "en", ...credentials }: CallerOptions = {}): Caller => {
    const context: Context = {
      services,
      log,
      caller: {
        requestId: "test",
        locale,
        userAgent: undefined,
        sessionToken: undefined,
        messagesKey: undefined,
        healthKey: undefined,
        ...credentials,
      },
      setSessionToken: (token) => void cookies.push(token),
    };
    return createCaller(context, signal === undefined ? {} : { signal });
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
    queries,
    services,
    google,
    logged,
    cookies,
    as,
    worker: as({ messagesKey }),
    person,
    shutdown: () => stopping.abort(),
    close: async () => {
      await stopLoops();
      await hints.close();
      await database.close();
    },
  };
}
