import { openDatabase, type Db } from "@deepbot/db";
import type { sql } from "@deepbot/db/testing";
import { setTimeout as delay } from "node:timers/promises";

/** The harness's own connections to the database, which bypass all servers and proxies. */
export interface Inspector {
  db: Db;
  /** Retries while the database is unavailable. */
  rows: <T extends object>(query: ReturnType<typeof sql>) => Promise<T[]>;
  close: () => Promise<void>;
}

const patienceMs = 30_000;

/** Connects to one database. */
export async function openInspector(url: string): Promise<Inspector> {
  const database = await openDatabase({ engine: "postgres", url, maxConnections: 3 });
  return {
    db: database.db,
    rows: async <T extends object>(query: ReturnType<typeof sql>) => {
      const limit = performance.now() + patienceMs;
      for (;;) {
        try {
          const found: unknown = await database.db.execute(query);
          return Array.from(found as Iterable<T>);
        } catch (error) {
          if (performance.now() > limit) throw error;
          await delay(200);
        }
      }
    },
    close: database.close,
  };
}
