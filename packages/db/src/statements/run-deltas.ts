import { sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { runDeltas } from "../schema/index.ts";
import { prepareDecoded, type BigintCell } from "./prepare-decoded.ts";

/** How far a reader has come: every delta of a claim epoch up to and including `seq`. */
export interface Cursor {
  runId: number;
  epoch: number;
  seq: number;
}

const givenCursors = sql`unnest(
  ${sql.placeholder("runIds")}::bigint[], ${sql.placeholder("epochs")}::int[], ${sql.placeholder("seqs")}::int[]
) as given(run_id, epoch, seq)`;

function columnsOf(cursors: readonly Cursor[]) {
  return {
    runIds: cursors.map((cursor) => cursor.runId),
    epochs: cursors.map((cursor) => cursor.epoch),
    seqs: cursors.map((cursor) => cursor.seq),
  };
}

export interface StoredDelta extends Cursor {
  text: string;
}

function decodeDelta([runId, epoch, seq, text]: [BigintCell, number, number, string]): StoredDelta {
  return { runId: Number(runId), epoch, seq, text };
}

/** Every stored delta beyond the given cursors, of this epoch and later ones, ordered by run, epoch and number. */
export type ReadDeltas = (cursors: readonly Cursor[]) => Promise<StoredDelta[]>;

/** One range of the primary key for each cursor. `offset 0` keeps the planner from joining the whole table instead. */
export function prepareReadDeltas(db: Db): ReadDeltas {
  const query = db
    .select({ runId: sql`delta.run_id`, epoch: sql`delta.epoch`, seq: sql`delta.seq`, text: sql`delta.text` })
    .from(
      sql`${givenCursors}, lateral (
        select run_deltas.run_id, run_deltas.epoch, run_deltas.seq, run_deltas.text from run_deltas
        where run_deltas.run_id = given.run_id and (run_deltas.epoch, run_deltas.seq) > (given.epoch, given.seq)
        offset 0
      ) as delta`,
    )
    .orderBy(sql`delta.run_id, delta.epoch, delta.seq`);
  const execute = prepareDecoded(db, query, { name: "read_deltas", decode: decodeDelta });
  return (cursors) => execute(columnsOf(cursors));
}

export interface StreamedText {
  /** Number of the last delta; 0 when there is none. */
  seq: number;
  text: string;
}

/** The text that a claim epoch of a run has streamed so far. */
export type ReadStreamedText = (claim: { runId: number; epoch: number }) => Promise<StreamedText>;

export function prepareReadStreamedText(db: Db): ReadStreamedText {
  const statement = db
    .select({
      seq: sql<number>`coalesce(max(${runDeltas.seq}), 0)`,
      text: sql<string>`coalesce(string_agg(${runDeltas.text}, '' order by ${runDeltas.seq}), '')`,
    })
    .from(runDeltas)
    .where(sql`${runDeltas.runId} = ${sql.placeholder("runId")} and ${runDeltas.epoch} = ${sql.placeholder("epoch")}`)
    .prepare("read_streamed_text");
  return async (claim) => (await statement.execute({ ...claim })).at(0) ?? { seq: 0, text: "" };
}

/** Runs that have changed since the given cursors: they ended, were deleted, were claimed again or have more deltas. */
export type ListChangedRuns = (cursors: readonly Cursor[]) => Promise<number[]>;

export function prepareListChangedRuns(db: Db): ListChangedRuns {
  const statement = db
    .select({ runId: sql<number>`given.run_id`.mapWith(Number) })
    .from(givenCursors)
    .where(sql`not exists (
      select 1 from runs
      where runs.run_id = given.run_id and ended_at is null and runs.epoch = given.epoch
        and given.seq >= coalesce((
          select max(run_deltas.seq) from run_deltas
          where run_deltas.run_id = given.run_id and run_deltas.epoch = given.epoch
        ), 0)
    )`)
    .prepare("list_changed_runs");
  return async (cursors) => {
    const rows = await statement.execute(columnsOf(cursors));
    return rows.map((row) => row.runId);
  };
}

/**
 * Deletes the deltas of up to `limit` runs that ended more than `keepMs` ago or were deleted.
 *
 * @returns how many runs that were; fewer than `limit` when none is left
 */
export type PruneDeltas = (options: { keepMs: number; limit: number }) => Promise<number>;

const firstRun = (condition: SQL) => sql`
  select run_id from run_deltas where ${condition} order by run_id limit 1`;

/** Steps from run to run through the primary key, so that it reads neither the deltas nor the runs that have none. */
export function preparePruneDeltas(db: Db): PruneDeltas {
  const over = sql`
    with recursive streamed(run_id) as (
      (${firstRun(sql`true`)})
      union all
      select (${firstRun(sql`run_deltas.run_id > streamed.run_id`)}) from streamed where run_id is not null
    )
    select run_id from streamed
    where run_id is not null and not exists (
      select 1 from runs
      where runs.run_id = streamed.run_id
        and (ended_at is null or ended_at > now() - ${sql.placeholder("keepMs")}::float8 * interval '1 millisecond')
    )
    limit ${sql.placeholder("limit")}::int`;
  const pruned = db.$with("pruned", { runId: runDeltas.runId }).as(sql`
    delete from run_deltas where run_id = any(array(${over})) returning run_id`);
  const statement = db
    .with(pruned)
    .select({ total: sql<number>`count(distinct run_id)`.mapWith(Number) })
    .from(pruned)
    .prepare("prune_deltas");
  return async (options) => (await statement.execute(options)).at(0)?.total ?? 0;
}
