import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import * as schema from "../schema/index.ts";
import type { Database } from "./database.ts";
import { migrationsFolder } from "../migrations.ts";

const connectTimeoutSeconds = 5;
const closeTimeoutSeconds = 5;
const defaultMaxConnections = 10;

/** Any constant will do, as long as nothing else in the database locks the same one. */
const migrationLock = 20_250_906;

const sessionSettings = {
  application_name: "deepbot",
  statement_timeout: 15_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 15_000,
};

function connect(
  url: string,
  options: { max: number; connection: Partial<postgres.ConnectionParameters> },
): postgres.Sql {
  return postgres(url, {
    max: options.max,
    connection: options.connection as postgres.ConnectionParameters,
    connect_timeout: connectTimeoutSeconds,
    onnotice: () => {},
  });
}

/** Migrates on a connection of its own, one process at a time, without the time limits of ordinary statements. */
async function migratePostgres(url: string): Promise<void> {
  const client = connect(url, { max: 1, connection: { application_name: "deepbot-migrate" } });
  try {
    await client`select pg_advisory_lock(${migrationLock})`;
    await migrate(drizzle(client), { migrationsFolder });
  } finally {
    await client.end({ timeout: closeTimeoutSeconds });
  }
}

/** Opens a pool on a PostgreSQL server; connects with the first statement. */
export function openPostgres(url: string, maxConnections: number = defaultMaxConnections): Database {
  const client = connect(url, { max: maxConnections, connection: sessionSettings });
  const db = drizzle(client, { schema });
  return {
    engine: "postgres",
    db,
    migrate: () => migratePostgres(url),
    ping: async () => {
      await db.execute(sql`select 1`);
    },
    close: () => client.end({ timeout: closeTimeoutSeconds }),
  };
}
