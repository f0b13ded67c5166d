import { Writable } from "node:stream";
import type { Database } from "@deepbot/db";
import { mainEngine, openTestDatabase } from "@deepbot/db/testing";
import { pino } from "pino";
import { startApp } from "../../../src/app.ts";
import { testConfig, type GoogleOptions } from "../../support/config.ts";

/** The real app in this process, on a database of its own, with all that it logs at hand. */
export interface GuardedApp {
  url: string;
  port: number;
  database: Database;
  /** Every line logged so far, as JSON. */
  log: () => string;
  stop: () => Promise<void>;
}

export interface GuardedAppOptions {
  env?: Readonly<Record<string, string>>;
  google?: GoogleOptions;
  /** Puts something between the app and its database. */
  wrap?: (database: Database) => Database;
}

/** The origin of the front end in all these tests. */
export const frontOrigin = "https://chat.example.org";

/** Starts the app as `main.ts` does, but for the database and the log. */
export async function startGuardedApp({
  env = {},
  google,
  wrap = (same) => same,
}: GuardedAppOptions = {}): Promise<GuardedApp> {
  const database = await openTestDatabase(mainEngine());
  const lines: string[] = [];
  const sink = new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      lines.push(line);
      done();
    },
  });
  const config = testConfig({ ADDRESS_FRONT: frontOrigin, ...env }, google);
  const app = await startApp(config, { database: wrap(database), log: pino({ level: "debug", base: null }, sink) });
  return {
    url: `http://127.0.0.1:${app.port}`,
    port: app.port,
    database,
    log: () => lines.join(""),
    stop: async () => {
      await app.stop();
      await database.close();
    },
  };
}

/** Reads rows with SQL of the test's own. */
export async function readRows(database: Database, statement: string): Promise<Record<string, unknown>[]> {
  const result: unknown = await database.db.execute(statement);
  if (Array.isArray(result)) return [...(result as Record<string, unknown>[])];
  return (result as { rows: Record<string, unknown>[] }).rows;
}
