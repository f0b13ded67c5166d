import { and, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "../db.ts";
import { dialogs, messages, runs, type RunState, type Usage } from "../schema/index.ts";

export interface RunRow {
  runId: number;
  dialogId: number;
  questionId: number;
  state: RunState;
  attempt: number;
  /** Counts the claims; 0 before the first. */
  generation: number;
  cancelRequested: boolean;
  createdAt: Date;
  deadlineAt: Date;
  endedAt: Date | null;
  errorCode: string | null;
  errorMessage: string | null;
  answerId: number | null;
  answerText: string | null;
  usage: Usage | null;
  /** To the deadline, by the database's clock; negative past it. */
  remainingMs: number;
}

const answerAlias = () => alias(messages, "answer");

/** The columns of a {@link RunRow}, for statements that join the answer. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- Drizzle infers rows from the columns themselves.
export function runColumns(answer: ReturnType<typeof answerAlias>) {
  return {
    runId: runs.runId,
    dialogId: runs.dialogId,
    questionId: runs.questionId,
    state: runs.state,
    attempt: runs.attempt,
    generation: runs.generation,
    cancelRequested: sql<boolean>`${runs.cancelRequestedAt} is not null`,
    createdAt: runs.createdAt,
    deadlineAt: runs.deadlineAt,
    endedAt: runs.endedAt,
    errorCode: runs.errorCode,
    errorMessage: runs.errorMessage,
    answerId: runs.answerId,
    answerText: answer.content,
    usage: runs.usage,
    remainingMs: sql<number>`extract(epoch from ${runs.deadlineAt} - now()) * 1000`.mapWith(Number),
  };
}

export interface RunWithText extends RunRow {
  /** What the present generation has said so far. */
  said: { seq: number; text: string };
}

/** A run with its answer, and what was said so far; undefined when the user has no such run. */
export type FindRun = (key: { runId: number; userId: number }) => Promise<RunWithText | undefined>;

export function prepareFindRun(db: Db): FindRun {
  const answer = answerAlias();
  const statement = db
    .select({
      ...runColumns(answer),
      said: sql<RunWithText["said"]>`(
        select json_build_object('seq', coalesce(max(seq), 0), 'text', coalesce(string_agg(text, '' order by seq), ''))
        from run_events
        where run_events.run_id = ${runs.runId} and run_events.generation = ${runs.generation} and ${runs.endedAt} is null
      )`,
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
