import type { RunState } from "@deepbot/contract";
import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, runs, sessions, users } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";

/** Everything that is stored about a person, except for what they did. */
export interface ProfileRow {
  userId: number;
  googleId: string;
  mail: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
  createdAt: Date;
}

/** Undefined when there is no such user. */
export type FindProfile = (userId: number) => Promise<ProfileRow | undefined>;

export function prepareFindProfile(db: Db): FindProfile {
  const statement = db
    .select()
    .from(users)
    .where(eq(users.userId, sql.placeholder("userId")))
    .prepare("find_profile");
  return async (userId) => (await statement.execute({ userId })).at(0);
}

export interface StoredSession {
  sessionId: string;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  /** When it was ended early; null if it was not. */
  revokedAt: Date | null;
  userAgent: string | null;
}

/** All stored sessions of a user, including ended ones, oldest first. */
export type ListStoredSessions = (userId: number) => Promise<StoredSession[]>;

export function prepareListStoredSessions(db: Db): ListStoredSessions {
  const statement = db
    .select({
      sessionId: sessions.sessionId,
      createdAt: sessions.createdAt,
      lastSeenAt: sessions.lastSeenAt,
      expiresAt: sessions.expiresAt,
      revokedAt: sessions.revokedAt,
      userAgent: sessions.userAgent,
    })
    .from(sessions)
    .where(eq(sessions.userId, sql.placeholder("userId")))
    .orderBy(asc(sessions.createdAt), asc(sessions.sessionId))
    .prepare("list_stored_sessions");
  return (userId) => statement.execute({ userId });
}

export interface StoredRun {
  runId: number;
  questionId: number;
  answerId: number | null;
  state: RunState;
  attempt: number;
  createdAt: Date;
  endedAt: Date | null;
  errorCode: string | null;
  errorMessage: string | null;
}

/** Up to `limit` runs of a user's dialog with ids above `after`, in ascending order. */
export type ListRunPage = (page: DialogKey & { after: number; limit: number }) => Promise<StoredRun[]>;

export function prepareListRunPage(db: Db): ListRunPage {
  const statement = db
    .select({
      runId: runs.runId,
      questionId: runs.questionId,
      answerId: runs.answerId,
      state: runs.state,
      attempt: runs.attempt,
      createdAt: runs.createdAt,
      endedAt: runs.endedAt,
      errorCode: runs.errorCode,
      errorMessage: runs.errorMessage,
    })
    .from(runs)
    .innerJoin(dialogs, eq(dialogs.dialogId, runs.dialogId))
    .where(
      and(
        eq(runs.dialogId, sql.placeholder("dialogId")),
        eq(dialogs.userId, sql.placeholder("userId")),
        gt(runs.runId, sql.placeholder("after")),
      ),
    )
    .orderBy(asc(runs.runId))
    .limit(sql.placeholder("limit"))
    .prepare("list_run_page");
  return (page) => statement.execute({ ...page });
}
