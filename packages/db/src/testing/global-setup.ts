import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { migrationsFolder } from "../migrations.ts";

const defaultServer = "postgres://postgres@127.0.0.1:5432/postgres";
const sourceFolder = fileURLToPath(new URL("..", import.meta.url));
const cacheFolder = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));

async function isReachable(url: string): Promise<boolean> {
  const client = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} });
  try {
    await client`select 1`;
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

async function findServer(): Promise<string | null> {
  const wanted = process.env["TEST_DATABASE_URL"];
  const url = wanted ?? defaultServer;
  if (await isReachable(url)) return url;
  if (wanted !== undefined) throw new Error("TEST_DATABASE_URL is set, but no PostgreSQL server answers there.");
  if (process.env["CI"] === "true") throw new Error("CI leaves no suite out: it needs PostgreSQL (TEST_DATABASE_URL).");
  return null;
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Changes with the migrations, the code that runs them, and the versions of the engines and drivers. */
function hashSchema(): string {
  const files = [
    ...listFiles(migrationsFolder),
    ...listFiles(join(sourceFolder, "open")),
    join(sourceFolder, "../package.json"),
    join(sourceFolder, "../../../pnpm-workspace.yaml"),
  ];
  const hash = createHash("sha256");
  for (const file of files.toSorted()) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

/** Names what test databases are copied from. The first test that needs a copy makes the original: `templates.ts`. */
export default async function setup(project: TestProject): Promise<void> {
  const hash = hashSchema();
  const server = await findServer();
  project.provide("postgresServer", server === null ? null : { url: server, template: `deepbot_migrated_${hash}` });
  project.provide("embeddedDump", join(cacheFolder, `embedded-${hash}.tar`));
}
