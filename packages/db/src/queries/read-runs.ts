import { and, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "../db.ts";
import { dialogs, messages, runs, type RunState } from "../schema/index.ts";

export interface RunRow {
  runId: number;
  dialogId: number;
  questionId: number;
  state: RunState;
  attempt: number;
  createdAt: Date;
  deadlineAt: Date;
  endedAt: Date | null;
  errorCode: string | null;
  errorMessage: string | null;
  answerId: number | null;
  answerText: string | null;
  /** To the deadline, by the database's clock; negative past it. */
  remainingMs: number;
}

/** A run with its answer; undefined when the user has no such run. */
export type FindRun = (key: { runId: number; userId: number }) => Promise<RunRow | undefined>;

export function prepareFindRun(db: Db): FindRun {
  const answer = alias(messages, "answer");
  const statement = db
    .select({
      runId: runs.runId,
      dialogId: runs.dialogId,
      questionId: runs.questionId,
      state: runs.state,
      attempt: runs.attempt,
      createdAt: runs.createdAt,
      deadlineAt: runs.deadlineAt,
      endedAt: runs.endedAt,
      errorCode: runs.errorCode,
      errorMessage: runs.errorMessage,
      answerId: runs.answerId,
      answerText: answer.content,
      remainingMs: sql<number>`extract(epoch from ${runs.deadlineAt} - now()) * 1000`.mapWith(Number),
    })
    .from(runs)
    .innerJoin(dialogs, eq(dialogs.dialogId, runs.dialogId))
    .leftJoin(answer, eq(answer.messageId, runs.answerId))
    .where(and(eq(runs.runId, sql.placeholder("runId")), eq(dialogs.userId, sql.placeholder("userId"))))
    .prepare("find_run");
  return async (key) => (await statement.execute({ ...key })).at(0);
}

/** Which of these runs are not open any more: they ended, or they are gone with their dialog. */
export type ListClosedRuns = (runIds: number[]) => Promise<number[]>;

export function prepareListClosedRuns(db: Db): ListClosedRuns {
  const statement = db
    .select({ runId: runs.runId })
    .from(runs)
    .where(sql`${runs.runId} = any(${sql.placeholder("runIds")}::bigint[]) and ${runs.endedAt} is null`)
    .prepare("list_open_runs");
  return async (runIds) => {
    const open = new Set((await statement.execute({ runIds })).map((row) => row.runId));
    return runIds.filter((runId) => !open.has(runId));
  };
}
