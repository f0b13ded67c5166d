import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import { migrate } from "drizzle-orm/pglite/migrator";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { migrationsFolder } from "../migrations.ts";
import { openDatabase } from "../open/open-database.ts";

const defaultServer = "postgres://postgres@127.0.0.1:5432/postgres";

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

async function createTemplate(serverUrl: string, template: string): Promise<void> {
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await admin`create database ${admin(template)}`;
  await admin.end();
  const url = new URL(serverUrl);
  url.pathname = `/${template}`;
  const database = await openDatabase({ engine: "postgres", url: url.href, maxConnections: 1 });
  await database.migrate();
  await database.close();
}

async function dropTemplate(serverUrl: string, template: string): Promise<void> {
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await admin`drop database ${admin(template)} with (force)`;
  await admin.end();
}

async function writeEmbeddedDump(path: string): Promise<void> {
  const client = await PGlite.create();
  await migrate(drizzle(client), { migrationsFolder });
  const dump = await client.dumpDataDir("none");
  await client.close();
  await writeFile(path, Buffer.from(await dump.arrayBuffer()));
}

/** Migrates one database per engine; every test database is a copy of it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await findServer();
  const template = `deepbot_template_${randomUUID().replaceAll("-", "")}`;
  const folder = await mkdtemp(join(tmpdir(), "deepbot-test-"));
  const dump = join(folder, "embedded.tar");
  // One after the other: PGlite's start blocks the event loop for longer than a connection may take.
  if (server !== null) await createTemplate(server, template);
  await writeEmbeddedDump(dump);
  project.provide("postgresServer", server === null ? null : { url: server, template });
  project.provide("embeddedDump", dump);
  return async () => {
    await rm(folder, { recursive: true, force: true });
    if (server !== null) await dropTemplate(server, template);
  };
}
