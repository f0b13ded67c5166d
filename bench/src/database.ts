import { testKeys } from "@deepbot/testing";
import { SignJWT } from "jose";
import postgres from "postgres";
import { ownCheckout, type Checkout } from "./checkout.ts";
import type { Size } from "./growth/grow.ts";

/** A person with a live session and a dialog. */
export interface Person {
  userId: number;
  dialogId: number;
  /** Value of the header `Cookie`. */
  cookie: string;
}

/** A migrated database of its own, for one subject. */
export interface BenchDatabase {
  url: string;
  sql: postgres.Sql;
  /** Inserts people, each with one dialog of `messages` messages. */
  addPeople: (count: number, messages?: number) => Promise<Person[]>;
  /** Number of statements so far, including the bench's own. */
  statements: () => Promise<number>;
  close: () => Promise<void>;
}

const lifetimeSeconds = 24 * 60 * 60;

/**
 * The session token under both names that a session cookie has had. Over HTTPS the server sets the cookie anew with each
 * response for who sends the older name alone, which no browser does twice; a checkout from before knows only that name.
 */
async function cookieOf(userId: number, sessionId: string): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(String(userId))
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(new TextEncoder().encode(testKeys.jwt));
  return `access_token=${token}; __Host-access_token=${token}`;
}

async function addPeople(sql: postgres.Sql, count: number, messages: number): Promise<Person[]> {
  const rows = await sql<{ user_id: string; session_id: string; dialog_id: string }[]>`
    with person as (
      insert into users (mail, google_id, given_name, family_name, picture)
      select id || '@example.com', id, 'Ann', 'Example', 'https://example.com/' || id
      from (select gen_random_uuid()::text as id from generate_series(1, ${count})) as ids
      returning user_id
    ), session as (
      insert into sessions (user_id, expires_at) select user_id, now() + interval '1 day' from person
      returning user_id, session_id
    ), dialog as (
      insert into dialogs (user_id, dialog_name, last_seq) select user_id, 'bench dialog', ${messages} from person
      returning user_id, dialog_id
    ), message as (
      insert into messages (dialog_id, user_id, content, seq)
      select dialog_id, case seq % 2 when 1 then user_id else 1 end, repeat('a word or two ', 10), seq
      from dialog, generate_series(1, ${messages}) as seq
    )
    select user_id, session_id, dialog_id from session join dialog using (user_id) order by user_id`;
  return Promise.all(
    rows.map(async ({ user_id, session_id, dialog_id }) => ({
      userId: Number(user_id),
      dialogId: Number(dialog_id),
      cookie: await cookieOf(Number(user_id), session_id),
    })),
  );
}

function openBenchDatabase(url: string): BenchDatabase {
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  return {
    url,
    sql,
    addPeople: (count, messages = 0) => addPeople(sql, count, messages),
    statements: async () => {
      const [row] = await sql<{ calls: string }[]>`
        select sum(calls) as calls from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database())`;
      return Number(row?.calls ?? 0);
    },
    close: () => sql.end(),
  };
}

/** The databases of the bench's own server. */
export interface Databases {
  /**
   * Creates a migrated database with a history. All databases of one size and checkout are copies of one original.
   *
   * @param checkout whose schema it has, by default our own
   */
  open: (size: Size, checkout?: Checkout) => Promise<BenchDatabase>;
}

/** @param port of the server */
export function createDatabases(port: number): Databases {
  const urlOf = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const originals = new Map<Checkout, Map<string, string>>();
  let made = 0;

  const create = async (template?: string): Promise<string> => {
    made += 1;
    const name = `bench_${made}`;
    const admin = postgres(urlOf("postgres"), { max: 1, onnotice: () => {} });
    await admin`create database ${admin(name)} template ${admin(template ?? "template1")}`;
    await admin.end();
    return name;
  };
  const fill = async (name: string, size: Size, { openDatabase, grow }: Checkout): Promise<void> => {
    const database = await openDatabase({ engine: "postgres", url: urlOf(name), maxConnections: 1 });
    await database.migrate();
    await database.close();
    const { sql, close } = openBenchDatabase(urlOf(name));
    await sql`create extension if not exists pg_stat_statements`;
    await grow(sql, size);
    await sql`vacuum analyze`;
    await close();
  };
  return {
    open: async (size, checkout = ownCheckout) => {
      const key = JSON.stringify(size);
      const known = originals.get(checkout) ?? new Map<string, string>();
      originals.set(checkout, known);
      let original = known.get(key);
      if (original === undefined) {
        original = await create();
        await fill(original, size, checkout);
        known.set(key, original);
      }
      return openBenchDatabase(urlOf(await create(original)));
    },
  };
}
