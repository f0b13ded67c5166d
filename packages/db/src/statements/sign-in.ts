import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, sessions, spentTokens, users } from "../schema/index.ts";

export interface Profile {
  googleId: string;
  mail: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
}

export interface SignIn extends Profile {
  /** SHA-256 of everything that this sign-in uses up. None of it may have been used before. */
  tokenHashes: string[];
  /** How long the hashes are kept. */
  tokenLifetimeMs: number;
  /** From now to the end of an unused session. */
  lifetimeMs: number;
  /** Sessions that a person may have, the new one included; those seen longest ago end. */
  sessionsMax: number;
  /** Session that the browser had so far, whoever's it is; null if it had none. */
  formerSessionId: string | null;
  /** The `User-Agent` header; null if there was none. */
  userAgent: string | null;
}

/** A session that ended because another one began. */
export interface ReplacedSession {
  userId: number;
  sessionId: string;
}

export type SignInResult =
  | { kind: "opened"; userId: number; sessionId: string; replaced: ReplacedSession[] }
  /** The token was used before, the person is blocked, or the account is the bot's, to which nobody can sign in. */
  | { kind: "refused"; reason: "spent" | "blocked" | "bot" };

/** Creates or refreshes the user of a Google account and opens a session. */
export type UpsertUserWithSession = (signIn: SignIn) => Promise<SignInResult>;

/** Uses up the token, then creates or refreshes the user, whose row stays locked until the end of the transaction. */
function upsertUser(tx: Db) {
  const hashes = sql`${sql.placeholder("tokenHashes")}::text[]`;
  const fresh = tx.$with("fresh", { hash: spentTokens.hash }).as(sql`
    insert into spent_tokens (hash, expires_at)
    select hash, clock_timestamp() + ${sql.placeholder("tokenLifetimeMs")}::float8 * interval '1 millisecond'
    from unnest(${hashes}) as hash order by hash
    on conflict (hash) do nothing
    returning hash`);
  const isFresh = sql<boolean>`(select count(*) from fresh) = cardinality(${hashes})`;
  const person = tx.$with("person", { userId: users.userId, isBlocked: sql<boolean>`is_blocked`.as("is_blocked") })
    .as(sql`
    insert into users (google_id, mail, given_name, family_name, picture)
    select ${sql.placeholder("googleId")}, ${sql.placeholder("mail")}, ${sql.placeholder("givenName")},
      ${sql.placeholder("familyName")}, ${sql.placeholder("picture")}
    where ${isFresh}
    on conflict (google_id) do update set
      mail = excluded.mail, given_name = excluded.given_name,
      family_name = excluded.family_name, picture = excluded.picture
    where users.user_id <> ${botUserId}
    returning user_id, blocked_at is not null as is_blocked`);
  return tx
    .with(fresh, person)
    .select({ isFresh: isFresh.as("is_fresh"), userId: person.userId, isBlocked: person.isBlocked })
    .from(sql`(select 1) as one`)
    .leftJoin(person, sql`true`)
    .prepare("upsert_user");
}

/** Ends what the new session replaces, in the order of ids so that two sign-ins cannot deadlock, and opens it. */
function openSession(tx: Db) {
  const userId = sql`${sql.placeholder("userId")}::bigint`;
  const former = sql`${sql.placeholder("formerSessionId")}::uuid`;
  const isLive = sql`revoked_at is null and expires_at > now()`;
  // A condition with OR would read the whole table.
  const ending = tx.$with("ending", { sessionId: sessions.sessionId }).as(sql`
    select session_id from sessions
    where ${isLive} and session_id in (
      select ${former} union all (
        select surplus.session_id from sessions as surplus
        where surplus.user_id = ${userId} and ${isLive} and surplus.session_id is distinct from ${former}
        order by surplus.last_seen_at desc, surplus.created_at desc, surplus.session_id desc
        offset ${sql.placeholder("sessionsMax")}::int - 1
      )
    )
    order by session_id for update`);
  const ended = tx.$with("ended", { userId: sessions.userId, sessionId: sessions.sessionId }).as(sql`
    update sessions set revoked_at = now() where session_id in (select session_id from ending)
    returning user_id, session_id`);
  const opened = tx.$with("opened", { userId: sessions.userId, sessionId: sessions.sessionId }).as(sql`
    insert into sessions (user_id, expires_at, user_agent)
    select ${userId}, clock_timestamp() + ${sql.placeholder("lifetimeMs")}::float8 * interval '1 millisecond',
      ${sql.placeholder("userAgent")}
    returning user_id, session_id`);
  const replaced = sql<ReplacedSession[]>`(
    select coalesce(json_agg(json_build_object('userId', user_id, 'sessionId', session_id)), '[]') from ended
  )`;
  return tx
    .with(ending, ended, opened)
    .select({ userId: opened.userId, sessionId: opened.sessionId, replaced: replaced.as("replaced") })
    .from(opened)
    .prepare("open_session");
}

/**
 * Two statements that hold a lock on the user's row: a single one would count sessions in a snapshot from before the
 * sign-in that it waited for.
 */
export function prepareUpsertUserWithSession(db: Db): UpsertUserWithSession {
  return (signIn) =>
    db.transaction(async (tx): Promise<SignInResult> => {
      const [found] = await upsertUser(tx).execute({ ...signIn });
      if (found?.isFresh !== true) return { kind: "refused", reason: "spent" };
      const { userId, isBlocked } = found;
      if (userId === null) return { kind: "refused", reason: "bot" };
      if (isBlocked) return { kind: "refused", reason: "blocked" };
      const [opened] = await openSession(tx).execute({ ...signIn, userId });
      if (opened === undefined) throw new Error("The new session was not stored.");
      return { kind: "opened", ...opened };
    });
}

/** Forgets tokens that have expired: nobody can sign in with them any more. */
export type PruneSpentTokens = () => Promise<void>;

export function preparePruneSpentTokens(db: Db): PruneSpentTokens {
  const statement = db
    .delete(spentTokens)
    .where(sql`${spentTokens.expiresAt} < now()`)
    .prepare("prune_spent_tokens");
  return async () => {
    await statement.execute();
  };
}
