import type { RunState, Usage } from "@deepbot/contract";
import { and, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "../db.ts";
import { dialogs, messages, runs } from "../schema/index.ts";
import { leaseOwner } from "./leases.ts";

export interface RunRow {
  runId: number;
  dialogId: number;
  questionId: number;
  state: RunState;
  attempt: number;
  /** Counts the claims; 0 before the first. */
  epoch: number;
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

function runColumns(answer: ReturnType<typeof answerAlias>) {
  return {
    runId: runs.runId,
    dialogId: runs.dialogId,
    questionId: runs.questionId,
    state: runs.state,
    attempt: runs.attempt,
    epoch: runs.epoch,
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

/** A run with its answer; undefined when the user has no such run. */
export type FindRun = (key: { runId: number; userId: number }) => Promise<RunRow | undefined>;

export function prepareFindRun(db: Db): FindRun {
  const answer = answerAlias();
  const statement = db
    .select(runColumns(answer))
    .from(runs)
    .innerJoin(dialogs, eq(dialogs.dialogId, runs.dialogId))
    .leftJoin(answer, eq(answer.messageId, runs.answerId))
    .where(and(eq(runs.runId, sql.placeholder("runId")), eq(dialogs.userId, sql.placeholder("userId"))))
    .prepare("find_run");
  return async (key) => (await statement.execute({ ...key })).at(0);
}

/** The given runs, in no order, without those that were deleted. */
export type FollowRuns = (runIds: readonly number[]) => Promise<RunRow[]>;

export function prepareFollowRuns(db: Db): FollowRuns {
  const answer = answerAlias();
  const statement = db
    .select(runColumns(answer))
    .from(runs)
    .leftJoin(answer, eq(answer.messageId, runs.answerId))
    .where(sql`${runs.runId} = any(${sql.placeholder("runIds")}::bigint[])`)
    .prepare("follow_runs");
  return (runIds) => statement.execute({ runIds });
}

/** Those of the given runs that have ended or were deleted. */
export type ListClosedRuns = (runIds: readonly number[]) => Promise<number[]>;

export function prepareListClosedRuns(db: Db): ListClosedRuns {
  const statement = db
    .select({ runId: runs.runId })
    .from(runs)
    .where(sql`${runs.runId} = any(${sql.placeholder("runIds")}::bigint[]) and ${runs.endedAt} is null`)
    .prepare("list_closed_runs");
  return async (runIds) => {
    const open = new Set((await statement.execute({ runIds })).map((row) => row.runId));
    return runIds.filter((runId) => !open.has(runId));
  };
}

export interface ReportedRun {
  state: RunState;
  epoch: number;
  leaseToken: string | null;
  /** The service key that its last lease belonged to. */
  keyId: string;
  assistantId: number;
  /** Null unless it is running. */
  leaseUntil: Date | null;
  leaseHolds: boolean;
  endedAt: Date | null;
  answerText: string | null;
  /** What its assistant allows; null if that is as much as the platform does. */
  answerMaxBytes: number | null;
}

/** A run as a worker sees it whose report was refused; undefined when it was deleted or never existed. */
export type FindReportedRun = (runId: number) => Promise<ReportedRun | undefined>;

export function prepareFindReportedRun(db: Db): FindReportedRun {
  const answer = answerAlias();
  const statement = db
    .select({
      state: runs.state,
      epoch: runs.epoch,
      leaseToken: runs.leaseToken,
      leaseUntil: runs.leaseUntil,
      leaseHolds: sql<boolean>`coalesce(${runs.leaseUntil} > clock_timestamp(), false)`,
      endedAt: runs.endedAt,
      keyId: sql<string>`${leaseOwner}`,
      assistantId: runs.assistantId,
      answerText: answer.content,
      answerMaxBytes: sql<number | null>`(
        select answer_max_bytes from assistants where assistants.assistant_id = ${runs.assistantId}
      )`,
    })
    .from(runs)
    .leftJoin(answer, eq(answer.messageId, runs.answerId))
    .where(eq(runs.runId, sql.placeholder("runId")))
    .prepare("find_reported_run");
  return async (runId) => (await statement.execute({ runId })).at(0);
}
