import type { RunState } from "@deepbot/contract";
import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, runs, sessions, users } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";
import { isoTime } from "./iso-time.ts";
import { prepareDecoded } from "./prepare-decoded.ts";

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
  /** Times are ISO 8601. */
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
  /** When it was ended early; null if it was not. */
  revokedAt: string | null;
  userAgent: string | null;
}

/** Where a page of sessions ended. */
export interface SessionCursor {
  /** As PostgreSQL writes it: ISO 8601 would lose the microseconds. */
  createdAt: string;
  sessionId: string;
}

/** Up to `limit` stored sessions of a user, ended ones included, oldest first. `after` is null for the first page. */
export type ListStoredSessions = (page: {
  userId: number;
  after: SessionCursor | null;
  limit: number;
}) => Promise<{ sessions: StoredSession[]; last: SessionCursor | null }>;

type SessionCells = [
  sessionId: string,
  createdAt: string,
  lastSeenAt: string,
  expiresAt: string,
  revokedAt: string | null,
  userAgent: string | null,
];

function decodeSession(cells: SessionCells): { session: StoredSession; cursor: SessionCursor } {
  const [sessionId, createdAt, lastSeenAt, expiresAt, revokedAt, userAgent] = cells;
  const session = {
    sessionId,
    createdAt: isoTime(createdAt),
    lastSeenAt: isoTime(lastSeenAt),
    expiresAt: isoTime(expiresAt),
    revokedAt: revokedAt === null ? null : isoTime(revokedAt),
    userAgent,
  };
  return { session, cursor: { createdAt, sessionId } };
}

const beforeAllSessions: SessionCursor = {
  createdAt: "-infinity",
  sessionId: "00000000-0000-0000-0000-000000000000",
};

export function prepareListStoredSessions(db: Db): ListStoredSessions {
  const query = db
    .select({
      sessionId: sessions.sessionId,
      createdAt: sessions.createdAt,
      lastSeenAt: sessions.lastSeenAt,
      expiresAt: sessions.expiresAt,
      revokedAt: sessions.revokedAt,
      userAgent: sessions.userAgent,
    })
    .from(sessions)
    .where(
      sql`${sessions.userId} = ${sql.placeholder("userId")} and (${sessions.createdAt}, ${sessions.sessionId}) >
        (${sql.placeholder("createdAt")}::timestamptz, ${sql.placeholder("sessionId")}::uuid)`,
    )
    .orderBy(asc(sessions.createdAt), asc(sessions.sessionId))
    .limit(sql.placeholder("limit"));
  const execute = prepareDecoded(db, query, { name: "list_stored_sessions", decode: decodeSession });
  return async ({ userId, after, limit }) => {
    const rows = await execute({ userId, limit, ...(after ?? beforeAllSessions) });
    return { sessions: rows.map(({ session }) => session), last: rows.at(-1)?.cursor ?? null };
  };
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
