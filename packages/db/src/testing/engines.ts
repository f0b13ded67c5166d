import { openAsBlob } from "node:fs";
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { describe, inject } from "vitest";
import type { Database } from "../open/database.ts";
import { openDatabase } from "../open/open-database.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Server on which test databases are made, or null when none was reachable. */
    postgresServer: { url: string; template: string } | null;
    /** Data directory of a migrated embedded database. */
    embeddedDump: string;
  }
}

export type TestEngine = "embedded" | "postgres";

export const missingPostgres = "needs PostgreSQL (TEST_DATABASE_URL)";

/** A PostgreSQL database of its own for a test that starts processes. Drop it when done. */
export interface TestPostgres {
  url: string;
  drop: () => Promise<void>;
}

/** Clones the migrated template. @throws when no PostgreSQL server is reachable */
export async function createTestPostgres(): Promise<TestPostgres> {
  const server = inject("postgresServer");
  if (server === null) throw new Error(`This test ${missingPostgres}.`);
  const name = `deepbot_test_${randomUUID().replaceAll("-", "")}`;
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  await admin`create database ${admin(name)} template ${admin(server.template)}`;
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await admin`drop database ${admin(name)} with (force)`;
      await admin.end();
    },
  };
}

/** Opens a migrated, otherwise empty database of the engine. */
export async function openTestDatabase(engine: TestEngine): Promise<Database> {
  if (engine === "embedded") {
    return openDatabase({ engine: "memory", dump: await openAsBlob(inject("embeddedDump")) });
  }
  const postgresDatabase = await createTestPostgres();
  const database = await openDatabase({ engine: "postgres", url: postgresDatabase.url });
  return {
    ...database,
    close: async () => {
      await database.close();
      await postgresDatabase.drop();
    },
  };
}

/** Runs a suite on each engine; without a PostgreSQL server that half is skipped, by a name that says so. */
export function describeEachEngine(name: string, suite: (engine: TestEngine) => void): void {
  describe(`${name} (embedded)`, () => suite("embedded"));
  describePostgres(`${name} (PostgreSQL)`, () => suite("postgres"));
}

/** Runs a suite that needs a PostgreSQL server; without one it is skipped, by a name that says so. */
export function describePostgres(name: string, suite: () => void): void {
  if (inject("postgresServer") === null) describe.skip(`${name}: ${missingPostgres}`, suite);
  else describe(name, suite);
}
