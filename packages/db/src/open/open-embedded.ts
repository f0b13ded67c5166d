import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import { migrate } from "drizzle-orm/pglite/migrator";
import { boundStatements } from "./bound-statements.ts";
import type { Database } from "./database.ts";
import { FolderInUseError, lockFolder } from "./folder-lock.ts";
import { migrationsFolder } from "../migrations.ts";

/** How many statements may wait for the one connection. */
const waitingMax = 500;

function wrap(engine: Database["engine"], client: PGlite, afterClose: () => void): Database {
  const db = drizzle(client);
  return {
    engine,
    db,
    pool: boundStatements(db, { max: 1, waitingMax }),
    migrate: () => migrate(db, { migrationsFolder }),
    ping: async () => {
      await client.query("select 1");
    },
    channel: null,
    close: async () => {
      await client.close();
      afterClose();
    },
  };
}

/** A new process may start before the one that it replaces has released the folder. */
const lockPatienceMs = 3_000;

async function lockPatiently(folder: string): Promise<() => void> {
  const until = performance.now() + lockPatienceMs;
  for (;;) {
    try {
      return lockFolder(folder);
    } catch (error) {
      if (!(error instanceof FolderInUseError) || performance.now() > until) throw error;
      await delay(100);
    }
  }
}

/**
 * Opens PGlite on a folder for this process alone.
 *
 * @throws {FolderInUseError} while another process has it open
 */
export async function openEmbedded(folder: string): Promise<Database> {
  const path = resolve(folder);
  const unlock = await lockPatiently(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const { PGlite } = await import("@electric-sql/pglite");
    return wrap("embedded", await PGlite.create(path), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Opens PGlite in memory, from a dump of a data directory if given. */
export async function openMemory(dump?: Blob): Promise<Database> {
  const { PGlite } = await import("@electric-sql/pglite");
  return wrap("memory", await PGlite.create(dump ? { loadDataDir: dump } : {}), () => {});
}
