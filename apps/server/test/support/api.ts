import { randomUUID } from "node:crypto";
import { mainEngine, openTestDatabase, type TestEngine } from "@deepbot/db/testing";
import type { Database } from "@deepbot/db";
import { testKeys } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll } from "vitest";
import { startApp } from "../../src/app.ts";
import { testConfig, type GoogleOptions } from "./config.ts";
import { createLogger } from "@deepbot/runtime";
import { checkDocumented } from "./document.ts";
import { request, type Reply, type RequestOptions, type Target } from "./http.ts";

/** Claims of a Google ID token. */
export interface GoogleClaims {
  sub: string;
  email: string;
  given_name?: string;
  family_name?: string;
  picture?: string;
}

/** Sends a request and fails the test when the published document does not allow the answer. */
export type Call = <T = unknown>(target: Target, options?: RequestOptions) => Promise<Reply<T>>;

/** A signed-in person. */
export interface Person {
  userId: number;
  /** The value of the cookie `access_token`. */
  token: string;
  /** The value for a `Cookie` header. */
  cookie: string;
  call: Call;
}

/** The REST API of a running app. */
export interface Api {
  readonly url: string;
  readonly database: Database;
  /** Sends a request that the document need not know, such as one that the guard refuses. */
  request: Call;
  call: Call;
  /** Calls with the service key. */
  asWorker: Call;
  /** Through the development sign-in; somebody new unless the claims say who. */
  signIn: (claims?: Partial<GoogleClaims>) => Promise<Person>;
}

export const frontOrigin = "http://chat.example.com:3000";

const environment = { ADDRESS_FRONT: frontOrigin, RETRY_BACKOFF_MS: "0" };

export interface RunningApp {
  url: string;
  stop: () => Promise<void>;
}

/** Boots the real app in this process, on a port of its own. The database stays open when it stops. */
export async function bootApp(
  database: Database,
  env: Readonly<Record<string, string>> = {},
  google?: GoogleOptions,
): Promise<RunningApp> {
  const { port, stop } = await startApp(testConfig({ ...environment, ...env }, google), {
    database,
    log: createLogger({ module: "test", production: false, level: "silent" }),
  });
  return { url: `http://127.0.0.1:${port}`, stop };
}

function withHeaders(call: Call, headers: Readonly<Record<string, string>>): Call {
  return (target, options = {}) => call(target, { ...options, headers: { ...headers, ...options.headers } });
}

/** The value of the session cookie that an answer sets. */
export function sessionTokenOf({ headers }: Reply): string {
  const [, token] = /^(?:__Host-)?access_token=([^;]*)/m.exec(headers["set-cookie"]?.join("\n") ?? "") ?? [];
  return token ?? "";
}

export async function mintDevToken(call: Call, claims: Partial<GoogleClaims> = {}): Promise<string> {
  const sub = claims.sub ?? randomUUID();
  const json = { sub, email: `${sub}@example.com`, ...claims };
  const { body } = await call<{ token: string }>("POST /dev/google-token", { json });
  return body.token;
}

/** A person who holds the session of a token. */
export async function personWith(call: Call, token: string): Promise<Person> {
  const cookie = `access_token=${token}`;
  const asPerson = withHeaders(call, { Cookie: cookie });
  const { body } = await asPerson<{ content: [{ id: number }] }>("GET /me");
  return { userId: body.content[0].id, token, cookie, call: asPerson };
}

/** Everything a test does with an app at an address. */
export function connectApi(app: () => { url: string; database: Database }): Api {
  const send: Call = (target, options) => request(app().url, target, options);
  const call: Call = async <T>(target: Target, options?: RequestOptions) => {
    const reply = await send<T>(target, options);
    checkDocumented(target, reply);
    return reply;
  };
  return {
    get url() {
      return app().url;
    },
    get database() {
      return app().database;
    },
    request: send,
    call,
    asWorker: withHeaders(call, { "X-Messages-Key": testKeys.messages }),
    signIn: async (claims) => {
      const json = { token: await mintDevToken(send, claims) };
      return personWith(call, sessionTokenOf(await call("POST /create/users", { json })));
    },
  };
}

/**
 * One app and one database for the suite that calls it. After each test all dialogs are deleted, so that no test sees
 * another's questions.
 */
export function useApi(env: Readonly<Record<string, string>> = {}, engine: TestEngine = mainEngine()): Api {
  let running: (RunningApp & { database: Database }) | undefined;
  const current = (): RunningApp & { database: Database } => {
    if (running === undefined) throw new Error("The app runs inside tests only.");
    return running;
  };
  beforeAll(async () => {
    const database = await openTestDatabase(engine);
    running = { ...(await bootApp(database, env)), database };
  });
  afterEach(() => runSql(current().database, "delete from dialogs"));
  afterAll(async () => {
    await running?.stop();
    await running?.database.close();
  });
  return connectApi(current);
}

/** Runs a statement for what no operation can do or show. The engines' drivers wrap rows in their own ways. */
export async function runSql(database: Database, statement: string): Promise<Record<string, unknown>[]> {
  const result: unknown = await database.db.execute(statement);
  const rows = Array.isArray(result) ? result : (result as { rows: unknown[] }).rows;
  return rows.map((row) => row as Record<string, unknown>);
}
