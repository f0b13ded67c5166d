import { and, desc, eq, gt, isNull, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { personalTokens, sessions, users } from "../schema/index.ts";
import { prepareDecoded, type BigintCell } from "./prepare-decoded.ts";

/** The user of a request. */
export interface SessionUser {
  userId: number;
  sessionId: string;
  mail: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
  /** Whether the stored last-seen time is at least `resolutionMs` old, so that it should be updated. */
  touchDue: boolean;
  /** Time since the sign-in, by the database's clock. */
  ageMs: number;
}

type SessionCells = [
  userId: BigintCell,
  sessionId: string,
  mail: string,
  givenName: string | null,
  familyName: string | null,
  picture: string | null,
  touchDue: boolean,
  ageMs: number,
];

function decodeSessionUser(cells: SessionCells): SessionUser {
  const [userId, sessionId, mail, givenName, familyName, picture, touchDue, ageMs] = cells;
  return { userId: Number(userId), sessionId, mail, givenName, familyName, picture, touchDue, ageMs };
}

/** The user of a live session; undefined when it was ended, has expired, or its user was blocked or deleted. */
export type FindSession = (wanted: { sessionId: string; resolutionMs: number }) => Promise<SessionUser | undefined>;

export function prepareFindSession(db: Db): FindSession {
  const query = db
    .select({
      userId: users.userId,
      sessionId: sessions.sessionId,
      mail: users.mail,
      givenName: users.givenName,
      familyName: users.familyName,
      picture: users.picture,
      touchDue: sql`${sessions.lastSeenAt} <= now() - ${sql.placeholder("resolutionMs")}::float8 * interval '1 millisecond'`,
      ageMs: sql`extract(epoch from now() - ${sessions.createdAt})::float8 * 1000`,
    })
    .from(sessions)
    .innerJoin(users, eq(users.userId, sessions.userId))
    .where(and(eq(sessions.sessionId, sql.placeholder("sessionId")), isLive(), isNull(users.blockedAt)));
  const execute = prepareDecoded(db, query, { name: "find_session", decode: decodeSessionUser });
  return async (wanted) => (await execute({ ...wanted })).at(0);
}

/** Ends a session. False, and no effect, when it has ended already. */
export type RevokeSession = (sessionId: string) => Promise<boolean>;

export function prepareRevokeSession(db: Db): RevokeSession {
  const statement = db
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(sessions.sessionId, sql.placeholder("sessionId")), isNull(sessions.revokedAt)))
    .returning({ sessionId: sessions.sessionId })
    .prepare("revoke_session");
  return async (sessionId) => (await statement.execute({ sessionId })).length > 0;
}

/**
 * Deletes up to `limit` sessions that ended or expired more than `keepMs` ago: nobody can use them, and they name devices.
 *
 * @returns how many; fewer than `limit` when none is left
 */
export type PruneSessions = (options: { keepMs: number; limit: number }) => Promise<number>;

export function preparePruneSessions(db: Db): PruneSessions {
  const longAgo = sql`now() - ${sql.placeholder("keepMs")}::float8 * interval '1 millisecond'`;
  const statement = db
    .delete(sessions)
    .where(
      sql`session_id = any(array(
        select session_id from sessions where expires_at < ${longAgo} or revoked_at < ${longAgo}
        limit ${sql.placeholder("limit")}::int
      ))`,
    )
    .returning({ sessionId: sessions.sessionId })
    .prepare("prune_sessions");
  return async (options) => (await statement.execute({ ...options })).length;
}

/** Those of the given sessions that were revoked, have expired or were deleted, and those of blocked users. */
export type ListEndedSessions = (sessionIds: string[]) => Promise<string[]>;

export function prepareListEndedSessions(db: Db): ListEndedSessions {
  const statement = db
    .select({ sessionId: sessions.sessionId })
    .from(sessions)
    .innerJoin(users, eq(users.userId, sessions.userId))
    .where(
      and(
        sql`${sessions.sessionId} = any(${sql.placeholder("sessionIds")}::uuid[])`,
        isLive(),
        isNull(users.blockedAt),
      ),
    )
    .prepare("list_ended_sessions");
  return async (sessionIds) => {
    const live = new Set((await statement.execute({ sessionIds })).map((row) => row.sessionId));
    return sessionIds.filter((sessionId) => !live.has(sessionId));
  };
}

export interface LiveSession {
  sessionId: string;
  createdAt: Date;
  lastSeenAt: Date;
  /** The `User-Agent` header of the sign-in. */
  userAgent: string | null;
}

/** Up to `limit` live sessions of a user, the most recently seen first. */
export type ListLiveSessions = (wanted: { userId: number; limit: number }) => Promise<LiveSession[]>;

export function prepareListLiveSessions(db: Db): ListLiveSessions {
  const statement = db
    .select({
      sessionId: sessions.sessionId,
      createdAt: sessions.createdAt,
      lastSeenAt: sessions.lastSeenAt,
      userAgent: sessions.userAgent,
    })
    .from(sessions)
    .where(and(eq(sessions.userId, sql.placeholder("userId")), isLive()))
    .orderBy(desc(sessions.lastSeenAt), desc(sessions.createdAt), desc(sessions.sessionId))
    .limit(sql.placeholder("limit"))
    .prepare("list_live_sessions");
  return (wanted) => statement.execute({ ...wanted });
}

/** Ends a live session of a user. Returns its id as it is stored; undefined when the user has no such session. */
export type RevokeUserSession = (wanted: { userId: number; sessionId: string }) => Promise<string | undefined>;

export function prepareRevokeUserSession(db: Db): RevokeUserSession {
  const statement = db
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(
      and(
        eq(sessions.userId, sql.placeholder("userId")),
        eq(sessions.sessionId, sql.placeholder("sessionId")),
        isLive(),
      ),
    )
    .returning({ sessionId: sessions.sessionId })
    .prepare("revoke_user_session");
  return async (values) => (await statement.execute({ ...values })).at(0)?.sessionId;
}

/** Ends all live sessions of a user and deletes all their personal tokens. */
export type RevokeUserCredentials = (userId: number) => Promise<{ sessionIds: string[]; tokenIds: string[] }>;

export function prepareRevokeUserCredentials(db: Db): RevokeUserCredentials {
  const ofUser = sql`user_id = ${sql.placeholder("userId")}`;
  const ended = db.$with("ended", { sessionId: sessions.sessionId }).as(sql`
    update sessions set revoked_at = now()
    where ${ofUser} and revoked_at is null and expires_at > now()
    returning session_id`);
  const deleted = db
    .$with("deleted", { tokenId: personalTokens.tokenId })
    .as(sql`delete from personal_tokens where ${ofUser} returning token_id`);
  const statement = db
    .with(ended, deleted)
    .select({
      // In this order, as `deleteUser` locks them.
      sessionIds: sql<string[]>`array(select session_id::text from ended)`,
      tokenIds: sql<string[]>`array(select token_id::text from deleted)`,
    })
    .from(sql`(select 1) as one`)
    .prepare("revoke_user_credentials");
  return async (userId) => (await statement.execute({ userId })).at(0) ?? { sessionIds: [], tokenIds: [] };
}

export interface SeenSessions {
  sessionIds: string[];
  resolutionMs: number;
  /** From now to the end of a session that is not used again. */
  idleMs: number;
  /** From its sign-in to the end of a session, however much it is used. */
  maxAgeMs: number;
}

/**
 * Sets the last-seen time of live sessions where it is older than `resolutionMs` and no other server is updating it, and
 * moves their end with it.
 */
export type TouchSessions = (seen: SeenSessions) => Promise<void>;

export function prepareTouchSessions(db: Db): TouchSessions {
  const statement = db
    .update(sessions)
    .set({
      lastSeenAt: sql`now()`,
      expiresAt: sql`least(
        now() + ${sql.placeholder("idleMs")}::float8 * interval '1 millisecond',
        created_at + ${sql.placeholder("maxAgeMs")}::float8 * interval '1 millisecond'
      )`,
    })
    .where(
      sql`session_id in (
        select unseen.session_id from sessions as unseen
        where unseen.session_id = any(${sql.placeholder("sessionIds")}::uuid[])
          and unseen.revoked_at is null and unseen.expires_at > now()
          and unseen.last_seen_at <= now() - ${sql.placeholder("resolutionMs")}::float8 * interval '1 millisecond'
        for update skip locked
      )`,
    )
    .prepare("touch_sessions");
  return async (seen) => {
    await statement.execute({ ...seen });
  };
}

function isLive() {
  return and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`));
}
