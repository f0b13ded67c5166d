import { existsSync, openAsBlob } from "node:fs";
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { describe, inject } from "vitest";
import type { Database } from "../open/database.ts";
import { databaseErrorCode } from "../errors.ts";
import { openDatabase } from "../open/open-database.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Server for test databases, with the name of their template, which may not exist yet; null when none is reachable. */
    postgresServer: { url: string; template: string } | null;
    /** File for the data directory of a migrated embedded database; it may not exist yet. */
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

/** The code of `create database` when the template is missing. */
const invalidCatalogName = "3D000";

async function cloneTemplate(admin: postgres.Sql, server: { url: string; template: string }): Promise<string> {
  const name = `deepbot_test_${randomUUID().replaceAll("-", "")}`;
  const clone = () => admin`create database ${admin(name)} template ${admin(server.template)}`;
  await clone().catch(async (error: unknown) => {
    if (databaseErrorCode(error) !== invalidCatalogName) throw error;
    await (await import("./templates.ts")).createTemplate(admin, server);
    await clone();
  });
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

/** Clones the migrated template. @throws when no PostgreSQL server is reachable */
export async function createTestPostgres(): Promise<TestPostgres> {
  const server = inject("postgresServer");
  if (server === null) throw new Error(`This test ${missingPostgres}.`);
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  const url = await cloneTemplate(admin, server);
  return {
    url,
    drop: async () => {
      await admin`drop database ${admin(new URL(url).pathname.slice(1))} with (force)`;
      await admin.end();
    },
  };
}

/** Opens a migrated, otherwise empty database of the engine. */
export async function openTestDatabase(engine: TestEngine): Promise<Database> {
  if (engine === "embedded") {
    const dump = inject("embeddedDump");
    if (!existsSync(dump)) await (await import("./templates.ts")).createEmbeddedDump(dump);
    return openDatabase({ engine: "memory", dump: await openAsBlob(dump) });
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

/** The engine of suites whose promises do not depend on it: PostgreSQL where a server is reachable. */
export function mainEngine(): TestEngine {
  return inject("postgresServer") === null ? "embedded" : "postgres";
}

/**
 * Runs a suite on each engine; without a PostgreSQL server that half is skipped, by a name that says so. With
 * `TEST_ENGINES=one` it runs on {@link mainEngine} only.
 */
export function describeEachEngine(name: string, suite: (engine: TestEngine) => void): void {
  const only = process.env["TEST_ENGINES"] === "one" ? mainEngine() : null;
  if (only !== "postgres") describe(`${name} (embedded)`, () => suite("embedded"));
  if (only !== "embedded") describePostgres(`${name} (PostgreSQL)`, () => suite("postgres"));
}

/** Runs a suite that needs a PostgreSQL server; without one it is skipped, by a name that says so. */
export function describePostgres(name: string, suite: () => void): void {
  if (inject("postgresServer") === null) describe.skip(`${name}: ${missingPostgres}`, suite);
  else describe(name, suite);
}
