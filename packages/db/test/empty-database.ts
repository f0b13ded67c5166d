import { openDatabase, type Database } from "../src/index.ts";
import { createTestPostgres } from "../src/testing/index.ts";

export interface EmptyDatabase {
  database: Database;
  /** Address of a PostgreSQL database, for connections of a test's own; null when it is embedded. */
  url: string | null;
  drop: () => Promise<void>;
}

/** Opens a database without a table. */
export async function openEmpty(engine: "memory" | "postgres"): Promise<EmptyDatabase> {
  if (engine === "memory") {
    const database = await openDatabase({ engine: "memory" });
    return { database, url: null, drop: database.close };
  }
  const { url, drop } = await createTestPostgres();
  const database = await openDatabase({ engine: "postgres", url });
  for (const statement of ["drop schema public cascade", "drop schema drizzle cascade", "create schema public"]) {
    await database.db.execute(statement);
  }
  return {
    database,
    url,
    drop: async () => {
      await database.close();
      await drop();
    },
  };
}
