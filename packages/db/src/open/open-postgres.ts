import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { Db } from "../db.ts";
import { boundStatements } from "./bound-statements.ts";
import type { Channel, Database, PostgresLocation } from "./database.ts";
import { isMigrated, migratePostgres } from "./migrate-postgres.ts";
import { createSilenceGuard, type SilenceGuard } from "./silence-guard.ts";

const connectTimeoutSeconds = 5;

/** Between two attempts to connect. The driver's own pause grows to 20 seconds, which would prolong an outage. */
const reconnectSeconds = (): number => 0.2 + Math.random() * 0.3;

const closeTimeoutSeconds = 5;
const defaultMaxConnections = 10;

/** How many statements may wait for each connection. */
const waitingPerConnection = 50;

const channelName = "deepbot";

/** For another server's migration to end. Longer than any is expected to take, and better than to hang without a word. */
const migrationPatienceMs = 60_000;

const sessionSettings = {
  application_name: "deepbot",
  TimeZone: "UTC",
  statement_timeout: 8_000,
  lock_timeout: 4_000,
  idle_in_transaction_session_timeout: 8_000,
  // A connection keeps the plans of its statements. A plan from a time when `run_deltas` was empty would go on reading the
  // whole table after it has grown. Statements that no index fits still read the table.
  enable_seqscan: "off",
  // That makes a scan of a table without a fitting index look so dear that PostgreSQL would compile the statement each time.
  jit: "off",
  // Statements read from memory or from an SSD. With the default a claim would sort all queued runs to save page reads.
  random_page_cost: 1.1,
};

/** More than `statement_timeout`. */
const silenceLimitMs = 10_000;

const pingLimitSeconds = 2;

interface ConnectOptions {
  max: number;
  connection: Partial<postgres.ConnectionParameters>;
  socket?: SilenceGuard["openSocket"];
  /** In seconds. */
  connect_timeout?: number;
}

function connect(url: string, options: ConnectOptions): postgres.Sql {
  return postgres(url, {
    connect_timeout: connectTimeoutSeconds,
    ...options,
    backoff: reconnectSeconds,
    onnotice: () => {},
  });
}

/** Migrates on a connection of its own. Without a separate owner, a database that is up to date is only looked at. */
async function migrate(url: string, ownerUrl: string | undefined): Promise<void> {
  const connection = { application_name: "deepbot-migrate", lock_timeout: migrationPatienceMs };
  const client = connect(ownerUrl ?? url, { max: 1, connection });
  try {
    if (ownerUrl === undefined && (await isMigrated(client))) return;
    const role = decodeURIComponent(new URL(url).username);
    const isOther = ownerUrl !== undefined && decodeURIComponent(new URL(ownerUrl).username) !== role;
    await migratePostgres(client, isOther ? role : null);
  } finally {
    await client.end({ timeout: closeTimeoutSeconds });
  }
}

async function listen(url: string, ...on: Parameters<Channel["listen"]>): ReturnType<Channel["listen"]> {
  const client = connect(url, { max: 1, connection: { application_name: "deepbot-listen" } });
  try {
    await client.listen(channelName, ...on);
  } catch (error) {
    await client.end({ timeout: 0 });
    throw error;
  }
  return { close: () => client.end({ timeout: 0 }) };
}

function createChannel(db: Db, url: string): Channel {
  const statement = db
    .select({ sent: sql`pg_notify(${channelName}, ${sql.placeholder("payload")})` })
    .from(sql`(values (1)) as once`)
    .prepare("notify");
  return {
    notify: async (payload) => {
      await statement.execute({ payload });
    },
    listen: (...on) => listen(url, ...on),
  };
}

/** The connection of {@link Database.ping}. It is made at the first ping. */
function createPing(url: string): Pick<Database, "ping" | "close"> {
  const guard = createSilenceGuard(pingLimitSeconds * 1000);
  const client = connect(url, {
    max: 1,
    connect_timeout: pingLimitSeconds,
    connection: { application_name: "deepbot-ping" },
    socket: guard.openSocket,
  });
  let pending: Promise<void> | undefined;
  const roundTrip = async (): Promise<void> => {
    try {
      await client`select 1`;
    } finally {
      pending = undefined;
    }
  };
  return {
    ping: () => (pending ??= roundTrip()),
    close: async () => {
      await client.end({ timeout: 0 });
      guard.close();
    },
  };
}

/** Opens a pool on a PostgreSQL server. It connects when the first statement runs. */
export function openPostgres(location: PostgresLocation): Database {
  const { url, directUrl = url, ownerUrl, maxConnections = defaultMaxConnections } = location;
  const guard = createSilenceGuard(silenceLimitMs);
  const client = connect(url, { max: maxConnections, connection: sessionSettings, socket: guard.openSocket });
  const db = drizzle(client);
  const pool = boundStatements(db, { max: maxConnections, waitingMax: maxConnections * waitingPerConnection });
  const { ping, close: closePing } = createPing(url);
  return {
    engine: "postgres",
    db,
    pool,
    migrate: () => migrate(directUrl, ownerUrl),
    ping,
    channel: createChannel(db, directUrl),
    close: async () => {
      await Promise.all([client.end({ timeout: closeTimeoutSeconds }), closePing()]);
      guard.close();
    },
  };
}
