import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestPostgres } from "@deepbot/db/testing";
import { inject } from "vitest";

/** A throw-away database for a server process. */
export interface ProcessDatabase {
  /** What names it in the server's environment. */
  env: Record<string, string>;
  drop: () => Promise<void>;
}

/** An embedded database in a temporary folder. */
export async function createEmbeddedDatabase(): Promise<ProcessDatabase> {
  const parent = await mkdtemp(join(tmpdir(), "deepbot-"));
  return {
    env: { DATABASE_FOLDER: join(parent, "db") },
    drop: () => rm(parent, { recursive: true, force: true }),
  };
}

/** A PostgreSQL database where a server is reachable, an embedded one elsewhere. */
export async function createProcessDatabase(): Promise<ProcessDatabase> {
  if (inject("postgresServer") === null) return createEmbeddedDatabase();
  const { url, drop } = await createTestPostgres();
  return { env: { DATABASE_URL: url }, drop };
}
