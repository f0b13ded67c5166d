import { drizzle } from "drizzle-orm/postgres-js";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import type postgres from "postgres";
import { databaseErrorCode } from "../errors.ts";
import { migrationsFolder } from "../migrations.ts";

/** Key of the advisory lock: any constant that nothing else in the database uses. */
const migrationLock = 20_250_906;

/** SQLSTATE of a missing table, a missing schema and a missing right: nothing has been migrated, or not for this role. */
const unreadable = new Set(["42P01", "3F000", "42501"]);

/**
 * Whether all migrations of this program have run; later ones of a newer program do not matter. Takes no lock.
 *
 * @throws with SQLSTATE 25006 if they have, but the database takes no writes
 */
export async function isMigrated(client: postgres.Sql): Promise<boolean> {
  const newest = Math.max(...readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis));
  try {
    const [row] = await client<{ at: number | null }[]>`
      select max(created_at)::float8 as at from drizzle.__drizzle_migrations`;
    if ((row?.at ?? 0) < newest) return false;
    // Refused by a replica, and by a database that is set to read-only.
    await client`select from runs where false for update`;
    return true;
  } catch (error) {
    if (unreadable.has(databaseErrorCode(error) ?? "")) return false;
    throw error;
  }
}

/** Lets a role read and write rows, and nothing more: it changes no schema, and rewrites no audit log. */
async function grantAccess(client: postgres.Sql, roleName: string): Promise<void> {
  const [quoted] = await client<{ role: string }[]>`select quote_ident(${roleName}) as role`;
  const role = quoted?.role ?? "";
  await client.begin((sql) =>
    sql.unsafe(`
      revoke create on schema public from public;
      grant usage on schema public, drizzle to ${role};
      grant select on drizzle.__drizzle_migrations to ${role};
      grant select, insert, update, delete on all tables in schema public to ${role};
      grant usage on all sequences in schema public to ${role};
      revoke update on audit_events from ${role};
    `),
  );
}

/**
 * Applies what is missing, one process at a time.
 *
 * @param client of the owner of the schema, with one connection and without the time limits of ordinary statements
 * @param role the server's own, if that is another one
 */
export async function migratePostgres(client: postgres.Sql, role: string | null): Promise<void> {
  await client`select pg_advisory_lock(${migrationLock})`;
  await migrate(drizzle(client), { migrationsFolder });
  if (role !== null) await grantAccess(client, role);
}
