import { and, eq, gt, isNull, sql } from "drizzle-orm";
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
}

/** The user of a live session; undefined when it ended, expired or its user is gone. */
export type FindSession = (sessionId: string) => Promise<SessionUser | undefined>;

export function prepareFindSession(db: Db): FindSession {
  const statement = db
    .select({
      userId: users.userId,
      sessionId: sessions.sessionId,
      mail: users.mail,
      givenName: users.givenName,
      familyName: users.familyName,
      picture: users.picture,
    })
    .from(sessions)
    .innerJoin(users, eq(users.userId, sessions.userId))
    .where(
      and(
        eq(sessions.sessionId, sql.placeholder("sessionId")),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, sql`now()`),
      ),
    )
    .prepare("find_session");
  return async (sessionId) => (await statement.execute({ sessionId })).at(0);
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

/** Which of these sessions have ended: revoked, expired, or gone with their user. */
export type ListEndedSessions = (sessionIds: string[]) => Promise<string[]>;

export function prepareListEndedSessions(db: Db): ListEndedSessions {
  const statement = db
    .select({ sessionId: sessions.sessionId })
    .from(sessions)
    .where(
      and(
        sql`${sessions.sessionId} = any(${sql.placeholder("sessionIds")}::uuid[])`,
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, sql`now()`),
      ),
    )
    .prepare("list_live_sessions");
  return async (sessionIds) => {
    const live = new Set((await statement.execute({ sessionIds })).map((row) => row.sessionId));
    return sessionIds.filter((sessionId) => !live.has(sessionId));
  };
}
