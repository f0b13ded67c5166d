import { eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "../db.ts";
import { messages, runs } from "../schema/index.ts";
import { runColumns, type RunRow } from "./read-runs.ts";

/** How much of a run's text a follower has: all deltas of a generation up to a number. */
export interface Cursor {
  runId: number;
  generation: number;
  seq: number;
}

const givenCursors = sql`unnest(
  ${sql.placeholder("runIds")}::bigint[], ${sql.placeholder("generations")}::int[], ${sql.placeholder("seqs")}::int[]
) as given(run_id, generation, seq)`;

function columnsOf(cursors: readonly Cursor[]) {
  return {
    runIds: cursors.map((cursor) => cursor.runId),
    generations: cursors.map((cursor) => cursor.generation),
    seqs: cursors.map((cursor) => cursor.seq),
  };
}

/** What happened to a run beyond a cursor. */
export interface FollowedRun extends RunRow {
  /** Deltas of the present generation beyond the cursor, in order. */
  deltas: { seq: number; text: string }[];
}

/** Reads many runs beyond their cursors in one statement. Runs that are gone are left out. */
export type FollowRuns = (cursors: readonly Cursor[]) => Promise<FollowedRun[]>;

export function prepareFollowRuns(db: Db): FollowRuns {
  const answer = alias(messages, "answer");
  const cursors = db.$with("cursors", { runId: runs.runId }).as(sql`
    select * from ${givenCursors}`);
  const statement = db
    .with(cursors)
    .select({
      ...runColumns(answer),
      deltas: sql<FollowedRun["deltas"]>`coalesce((
        select json_agg(json_build_object('seq', run_events.seq, 'text', run_events.text) order by run_events.seq)
        from run_events
        where run_events.run_id = ${runs.runId} and run_events.generation = ${runs.generation}
          and (run_events.generation > cursors.generation or run_events.seq > cursors.seq)
      ), '[]')`,
    })
    .from(cursors)
    .innerJoin(runs, eq(runs.runId, cursors.runId))
    .leftJoin(answer, eq(answer.messageId, runs.answerId))
    .prepare("follow_runs");
  return (given) => statement.execute(columnsOf(given));
}

/** Which of these cursors are behind: the run ended, is gone, was claimed again or said more. */
export type ListChangedRuns = (cursors: readonly Cursor[]) => Promise<number[]>;

export function prepareListChangedRuns(db: Db): ListChangedRuns {
  const statement = db
    .select({ runId: sql<number>`given.run_id`.mapWith(Number) })
    .from(givenCursors)
    .where(sql`not exists (
      select 1 from runs
      where runs.run_id = given.run_id and ended_at is null and runs.generation = given.generation
        and given.seq >= coalesce((
          select max(run_events.seq) from run_events
          where run_events.run_id = given.run_id and run_events.generation = given.generation
        ), 0)
    )`)
    .prepare("list_changed_runs");
  return async (given) => {
    const rows = await statement.execute(columnsOf(given));
    return rows.map((row) => row.runId);
  };
}
