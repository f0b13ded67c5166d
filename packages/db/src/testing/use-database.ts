import { afterAll, beforeAll } from "vitest";
import type { Database } from "../open/database.ts";
import { createQueries, type Queries } from "../queries/index.ts";
import { openTestDatabase, type TestEngine } from "./engines.ts";

/** A database for the tests of a suite: there from before the first to after the last. */
export function useDatabase(engine: TestEngine): { database: Database; queries: Queries } {
  let database: Database;
  let queries: Queries;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
    queries = createQueries(database.db);
  });
  afterAll(() => database.close());
  return {
    get database() {
      return database;
    },
    get queries() {
      return queries;
    },
  };
}
