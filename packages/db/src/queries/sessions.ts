import { and, desc, eq, gt, isNull, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { sessions, users } from "../schema/index.ts";

/** A user as other users of the queries see one. */
export interface SessionUser {
  userId: number;
  sessionId: string;
  mail: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
  /** Whether it is time to store that the session was seen: the last time that is stored is so long ago as was asked. */
  visitDue: boolean;
}

/** The user of a live session; undefined when it ended, expired or its user is gone. */
export type FindSession = (wanted: { sessionId: string; resolutionMs: number }) => Promise<SessionUser | undefined>;

export function prepareFindSession(db: Db): FindSession {
  const statement = db
    .select({
      userId: users.userId,
      sessionId: sessions.sessionId,
      mail: users.mail,
      givenName: users.givenName,
      familyName: users.familyName,
      picture: users.picture,
      visitDue: sql<boolean>`${sessions.lastSeenAt} <= now() - ${sql.placeholder("resolutionMs")}::float8 * interval '1 millisecond'`,
    })
    .from(sessions)
    .innerJoin(users, eq(users.userId, sessions.userId))
    .where(and(eq(sessions.sessionId, sql.placeholder("sessionId")), isLive()))
    .prepare("find_session");
  return async (wanted) => (await statement.execute({ ...wanted })).at(0);
}

/** Ends a session. Ending it again changes nothing. */
export type RevokeSession = (sessionId: string) => Promise<void>;

export function prepareRevokeSession(db: Db): RevokeSession {
  const statement = db
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(sessions.sessionId, sql.placeholder("sessionId")), isNull(sessions.revokedAt)))
    .prepare("revoke_session");
  return async (sessionId) => {
    await statement.execute({ sessionId });
  };
}

/** Forgets the sessions that were over `keepMs` ago: their cookies are worth nothing, and they tell of devices. */
export type PruneSessions = (keepMs: number) => Promise<void>;

export function preparePruneSessions(db: Db): PruneSessions {
  const over = sql`least(${sessions.expiresAt}, ${sessions.revokedAt})`;
  const statement = db
    .delete(sessions)
    .where(sql`${over} < now() - ${sql.placeholder("keepMs")}::float8 * interval '1 millisecond'`)
    .prepare("prune_sessions");
  return async (keepMs) => {
    await statement.execute({ keepMs });
  };
}

/** Which of these sessions have ended: revoked, expired, or gone with their user. */
export type ListEndedSessions = (sessionIds: string[]) => Promise<string[]>;

export function prepareListEndedSessions(db: Db): ListEndedSessions {
  const statement = db
    .select({ sessionId: sessions.sessionId })
    .from(sessions)
    .where(and(sql`${sessions.sessionId} = any(${sql.placeholder("sessionIds")}::uuid[])`, isLive()))
    .prepare("list_live_sessions");
  return async (sessionIds) => {
    const live = new Set((await statement.execute({ sessionIds })).map((row) => row.sessionId));
    return sessionIds.filter((sessionId) => !live.has(sessionId));
  };
}

export interface LiveSession {
  sessionId: string;
  createdAt: Date;
  lastSeenAt: Date;
  /** What the device called itself when it signed in. */
  userAgent: string | null;
}

/** The `limit` live sessions of a user that were seen last, newest first. */
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
    .prepare("list_user_sessions");
  return (wanted) => statement.execute({ ...wanted });
}

/** Ends live sessions of a user: one, or with null all of them. Returns the ids of those that it ended. */
export type RevokeUserSessions = (wanted: { userId: number; sessionId: string | null }) => Promise<string[]>;

export function prepareRevokeUserSessions(db: Db): RevokeUserSessions {
  const wanted = sql`${sessions.sessionId} = coalesce(${sql.placeholder("sessionId")}::uuid, ${sessions.sessionId})`;
  const statement = db
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(sessions.userId, sql.placeholder("userId")), wanted, isLive()))
    .returning({ sessionId: sessions.sessionId })
    .prepare("revoke_user_sessions");
  return async (values) => (await statement.execute({ ...values })).map((row) => row.sessionId);
}

/** Notes that sessions were seen just now, unless that is stored of the last `resolutionMs` or another server is at it. */
export type TouchSessions = (seen: { sessionIds: string[]; resolutionMs: number }) => Promise<void>;

export function prepareTouchSessions(db: Db): TouchSessions {
  const statement = db
    .update(sessions)
    .set({ lastSeenAt: sql`now()` })
    .where(
      sql`session_id in (
        select unseen.session_id from sessions as unseen
        where unseen.session_id = any(${sql.placeholder("sessionIds")}::uuid[])
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
