import type { Db } from "../db.ts";
import type { Hints, HintsLog } from "../hints/hints.ts";

/** Where the data lives: a PostgreSQL server, a folder of the embedded database, or memory (tests). */
export type DatabaseLocation =
  | { engine: "postgres"; url: string; maxConnections?: number }
  | { engine: "embedded"; folder: string }
  | { engine: "memory"; dump?: Blob };

/** An open database with its migrations applied or still to apply. */
export interface Database {
  engine: DatabaseLocation["engine"];
  db: Db;
  /** Applies what is missing. Safe to call from several processes at once. */
  migrate: () => Promise<void>;
  /** One round trip. @throws when the database does not answer. */
  ping: () => Promise<void>;
  /** Hints that reach every process on this database. Close them before the database. */
  openHints: (log: HintsLog) => Promise<Hints>;
  /** Waits for statements under way, up to five seconds, then closes. */
  close: () => Promise<void>;
}
