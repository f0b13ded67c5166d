import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { createPostgresHints, type Listener } from "../hints/postgres-hints.ts";
import type { Database } from "./database.ts";
import { migrationsFolder } from "../migrations.ts";
import { createSilenceGuard, type SilenceGuard } from "./silence-guard.ts";

const connectTimeoutSeconds = 5;

/** Between two tries to connect. The driver's own pause grows to 20 seconds, for which an outage would outlive its cause. */
const reconnectSeconds = (): number => 0.2 + Math.random() * 0.3;

const closeTimeoutSeconds = 5;
const defaultMaxConnections = 10;

/** Any constant will do, as long as nothing else in the database locks the same one. */
const migrationLock = 20_250_906;

const hintChannel = "deepbot";

const sessionSettings = {
  application_name: "deepbot",
  TimeZone: "UTC",
  statement_timeout: 8_000,
  lock_timeout: 4_000,
  idle_in_transaction_session_timeout: 8_000,
};

/** More than `statement_timeout`. */
const silenceLimitMs = 10_000;

function connect(
  url: string,
  options: { max: number; connection: Partial<postgres.ConnectionParameters>; socket?: SilenceGuard["openSocket"] },
): postgres.Sql {
  return postgres(url, {
    ...options,
    connect_timeout: connectTimeoutSeconds,
    backoff: reconnectSeconds,
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

/** Opens the one connection of this process that listens. It reconnects by itself when it sees that it is lost. */
async function listen(url: string, onPayload: (payload: string) => void, onListening: () => void): Promise<Listener> {
  const client = connect(url, { max: 1, connection: { application_name: "deepbot-hints" } });
  try {
    await client.listen(hintChannel, onPayload, onListening);
  } catch (error) {
    await client.end({ timeout: 0 });
    throw error;
  }
  return { close: () => client.end({ timeout: 0 }) };
}

/** Opens a pool on a PostgreSQL server; connects with the first statement. */
export function openPostgres(url: string, maxConnections: number = defaultMaxConnections): Database {
  const guard = createSilenceGuard(silenceLimitMs);
  const client = connect(url, { max: maxConnections, connection: sessionSettings, socket: guard.openSocket });
  const db = drizzle(client);
  const notify = db
    .select({ sent: sql`pg_notify(${hintChannel}, ${sql.placeholder("payload")})` })
    .from(sql`(values (1)) as once`)
    .prepare("notify");
  return {
    engine: "postgres",
    db,
    migrate: () => migratePostgres(url),
    ping: async () => {
      await db.execute(sql`select 1`);
    },
    openHints: (log) =>
      createPostgresHints({
        log,
        notify: async (payload) => {
          await notify.execute({ payload });
        },
        listen: (onPayload, onListening) => listen(url, onPayload, onListening),
      }),
    close: async () => {
      await client.end({ timeout: closeTimeoutSeconds });
      guard.close();
    },
  };
}
