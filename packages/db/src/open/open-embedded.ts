import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
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

/** Takes the folder and what is in it away from the other users of this machine. */
function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // First the folder: from then on nobody else reaches what is in it.
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
  }
}

/**
 * Opens PGlite on a folder for this process alone. No other user of the machine can read it. From now on that holds for
 * all files that this process creates, because PGlite creates its files at any time.
 *
 * @throws {FolderInUseError} while another process has it open
 */
export async function openEmbedded(folder: string): Promise<Database> {
  const path = resolve(folder);
  const unlock = await lockPatiently(path);
  try {
    process.umask(0o077);
    makePrivate(path);
    const { PGlite } = await import("@electric-sql/pglite");
    const client = await PGlite.create(path);
    // The files that it begins with are open to everybody.
    makePrivate(path);
    return wrap("embedded", client, unlock);
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
