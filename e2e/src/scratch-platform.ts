import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@deepbot/db";
import { sql } from "@deepbot/db/testing";
import { buildPages } from "./build-pages.ts";
import { startPlatform, type Platform } from "./platform.ts";

const server = process.env["TEST_DATABASE_URL"] ?? "postgres://postgres@127.0.0.1:5432/postgres";

async function createDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const database = `deepbot_test_${randomUUID().replaceAll("-", "")}`;
  // oxlint-disable-next-line no-restricted-properties -- The name was generated on the line above.
  const name = sql.identifier(database);
  const admin = await openDatabase({ engine: "postgres", url: server, maxConnections: 1 });
  await admin.db.execute(sql`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${database}`;
  return {
    url: url.href,
    drop: async () => {
      await admin.db.execute(sql`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}

/** Starts a platform for a script and removes everything afterwards. */
export async function withPlatform(use: (platform: Platform) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-pages-"));
  const pages = join(folder, "dist");
  await buildPages(pages);
  const database = await createDatabase();
  const platform = await startPlatform({ databaseUrl: database.url, pages });
  try {
    await use(platform);
  } finally {
    await platform.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
}
