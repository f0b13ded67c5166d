import { afterAll, beforeAll } from "vitest";
import type { Database } from "../open/database.ts";
import { createStatements, type Statements } from "../statements/index.ts";
import { openTestDatabase, type TestEngine } from "./engines.ts";

/** A database for the tests of a suite: there from before the first to after the last. */
export function useDatabase(engine: TestEngine): { database: Database; statements: Statements } {
  let database: Database;
  let statements: Statements;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
    statements = createStatements(database.db);
  });
  afterAll(() => database.close());
  return {
    get database() {
      return database;
    },
    get statements() {
      return statements;
    },
  };
}
