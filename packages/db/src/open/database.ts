import type { Db } from "../db.ts";
import type { PoolUse } from "./bound-statements.ts";

export interface PostgresLocation {
  url: string;
  /** With the credentials of the schema's owner, if the role of `url` may not change the schema. */
  ownerUrl?: string;
  /** For what must not go through a pooler: listening, and the lock of migrations. By default the same as `url`. */
  directUrl?: string;
  /** Connections for statements. Two more are used: one to listen, one for {@link Database.ping}. */
  maxConnections?: number;
}

/** Where the data lives: a PostgreSQL server, a folder of the embedded database, or memory (tests). */
export type DatabaseLocation =
  | ({ engine: "postgres" } & PostgresLocation)
  | { engine: "embedded"; folder: string }
  | { engine: "memory"; dump?: Blob };

/** LISTEN and NOTIFY on a channel that all processes of one database share. */
export interface Channel {
  /** Sends a payload, which must be shorter than 8000 bytes, in a statement of its own. */
  notify: (payload: string) => Promise<void>;
  /**
   * Opens a connection that receives the payloads of every process, including this one. It reconnects by itself when it
   * notices that it is lost.
   *
   * @param onListening is called after each (re)connect: payloads from before may have been missed, later ones are not
   */
  listen: (onPayload: (payload: string) => void, onListening: () => void) => Promise<{ close: () => Promise<void> }>;
}

/** An open database. {@link Database.migrate} has to run once before statements do. */
export interface Database {
  engine: DatabaseLocation["engine"];
  /** Statements that would wait too long for a connection fail at once, with a code that `isPoolOverloaded` knows. */
  db: Db;
  pool: PoolUse;
  /** Applies what is missing, and gives the server's role its rights. Safe to call from several processes at once. */
  migrate: () => Promise<void>;
  /**
   * One round trip, on a connection of its own where the engine has several, so that a busy pool does not look like a
   * database that is down. Calls at the same time share one.
   *
   * @throws when the database does not answer within two seconds
   */
  ping: () => Promise<void>;
  /** Null on an embedded database, which serves one process alone. */
  channel: Channel | null;
  /** Waits up to five seconds for running statements, then closes. */
  close: () => Promise<void>;
}
