import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import { migrate } from "drizzle-orm/pglite/migrator";
import type postgres from "postgres";
import { migrationsFolder } from "../migrations.ts";
import { openDatabase } from "../open/open-database.ts";

/** Key of the advisory lock under which one process at a time makes a template. */
const templateLock = 20_251_127;

/** Other worktrees of the repository may use templates of other migrations. */
const templatesKept = 8;

async function migrateDatabase(serverUrl: string, name: string): Promise<void> {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = await openDatabase({ engine: "postgres", url: url.href, maxConnections: 1 });
  await database.migrate();
  await database.close();
}

async function dropOldTemplates(admin: postgres.Sql): Promise<void> {
  const old = await admin<{ datname: string }[]>`
    select datname from pg_database where datname like 'deepbot_migrated_%' order by oid desc offset ${templatesKept}`;
  for (const { datname } of old) await admin`drop database if exists ${admin(datname)} with (force)`;
}

/**
 * Makes the template unless it exists. It gets its name when it is complete, so that nobody copies half a schema.
 *
 * @param admin a connection of its own, to a database other than the template
 */
export async function createTemplate(admin: postgres.Sql, server: { url: string; template: string }): Promise<void> {
  const building = "deepbot_building";
  await admin`select pg_advisory_lock(${templateLock})`;
  try {
    const [existing] = await admin`select 1 from pg_database where datname = ${server.template}`;
    if (existing !== undefined) return;
    // A process that was killed while it migrated leaves one behind.
    await admin`drop database if exists ${admin(building)} with (force)`;
    await admin`create database ${admin(building)}`;
    await migrateDatabase(server.url, building);
    await admin`alter database ${admin(building)} rename to ${admin(server.template)}`;
    await dropOldTemplates(admin);
  } finally {
    await admin`select pg_advisory_unlock(${templateLock})`;
  }
}

/** Writes the data directory of a migrated embedded database to a file, and removes those of other schemas beside it. */
export async function createEmbeddedDump(path: string): Promise<void> {
  const client = await PGlite.create();
  await migrate(drizzle(client), { migrationsFolder });
  const dump = await client.dumpDataDir("none");
  await client.close();
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const building = join(folder, `${randomUUID()}.building`);
  await writeFile(building, Buffer.from(await dump.arrayBuffer()));
  await rename(building, path);
  const others = (await readdir(folder)).filter((name) => name.endsWith(".tar") && name !== basename(path));
  for (const name of others) await rm(join(folder, name), { force: true });
}
