import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { runEvents, runs } from "../schema/index.ts";

export interface Delta {
  runId: number;
  leaseToken: string;
  /** From 1 within a lease, without gaps. */
  seq: number;
  text: string;
  leaseMs: number;
}

/** A run whose lease holds, as it was when deltas were offered, and how many of them were stored. */
export interface LeasedRun {
  runId: number;
  leaseToken: string;
  generation: number;
  /** Number of the last delta before those that were offered. */
  lastSeq: number;
  /** UTF-8 of all deltas up to that one. */
  saidBytes: number;
  /** How many of those that were offered were stored. */
  storedCount: number;
  leaseUntil: Date;
  deadlineAt: Date;
  cancelRequested: boolean;
}

/**
 * Stores deltas of many runs in one statement: those whose lease holds, whose number is the next, and with which the text
 * has no more than `maxBytes`. Leases that are more than half over are extended, so that most deltas touch no row of `runs`.
 *
 * @returns the runs that are leased; a delta whose run and token are not among them was refused
 */
export type InsertDeltas = (deltas: readonly Delta[], maxBytes: number) => Promise<LeasedRun[]>;

/** The deltas that are offered, and the runs among theirs whose lease holds. */
function offeredAndLeased(db: Db) {
  const given = db.$with("given", { runId: runs.runId }).as(sql`
    select distinct on (run_id, lease_token, seq) run_id, lease_token, seq, text, lease_ms
    from unnest(
      ${sql.placeholder("runIds")}::bigint[], ${sql.placeholder("leaseTokens")}::uuid[],
      ${sql.placeholder("seqs")}::int[], ${sql.placeholder("texts")}::text[], ${sql.placeholder("leaseMs")}::int[]
    ) with ordinality as offered(run_id, lease_token, seq, text, lease_ms, place)
    order by run_id, lease_token, seq, place`);
  const leased = db.$with("leased", {
    runId: runs.runId,
    generation: runs.generation,
    leaseToken: runs.leaseToken,
    leaseUntil: runs.leaseUntil,
    deadlineAt: runs.deadlineAt,
    cancelRequestedAt: runs.cancelRequestedAt,
    lastSeq: runEvents.seq,
    saidBytes: runEvents.saidBytes,
  }).as(sql`
    select runs.run_id, generation, lease_token, lease_until, deadline_at, cancel_requested_at,
      coalesce(last.seq, 0) as seq, coalesce(last.said_bytes, 0) as said_bytes
    from runs left join lateral (
      select run_events.seq, run_events.said_bytes from run_events
      where run_events.run_id = runs.run_id and run_events.generation = runs.generation
      order by run_events.seq desc limit 1
    ) as last on true
    where runs.run_id = any(${sql.placeholder("runIds")}::bigint[])
      and state = 'running' and lease_until > now() and deadline_at > now()`);
  return { given, leased };
}

/** Stores what continues each run, and counts it. */
function storedAndCounted(db: Db) {
  const fresh = db.$with("fresh", { runId: runs.runId }).as(sql`
    select given.run_id, generation, given.seq, given.text,
      leased.seq + row_number() over by_run as next_seq,
      leased.said_bytes + sum(octet_length(given.text)) over by_run as said_bytes
    from given join leased on leased.run_id = given.run_id and leased.lease_token = given.lease_token
    where given.seq > leased.seq
    window by_run as (partition by given.run_id order by given.seq)`);
  const stored = db.$with("stored", { runId: runs.runId }).as(sql`
    insert into run_events (run_id, generation, seq, text, said_bytes)
    select run_id, generation, seq, text, said_bytes from fresh
    where seq = next_seq and said_bytes <= ${sql.placeholder("maxBytes")}::int
    on conflict do nothing
    returning run_id`);
  const counted = db.$with("counted", { runId: runs.runId, storedCount: sql<number>`stored`.as("stored") }).as(sql`
    select run_id, count(*)::int as stored from stored group by run_id`);
  return { fresh, stored, counted };
}

export function prepareInsertDeltas(db: Db): InsertDeltas {
  const { given, leased } = offeredAndLeased(db);
  const { fresh, stored, counted } = storedAndCounted(db);
  const extended = db.$with("extended", { runId: runs.runId, leaseUntil: sql<Date>`until`.as("until") }).as(sql`
    update runs set lease_until = clock_timestamp() + lease_ms * interval '1 millisecond'
    from (select distinct on (run_id) run_id, lease_token, lease_ms from given) as wanted
    where runs.run_id = wanted.run_id and runs.lease_token = wanted.lease_token
      and state = 'running' and lease_until > now() and deadline_at > now()
      and lease_until < now() + lease_ms * interval '0.5 millisecond'
    returning runs.run_id, lease_until as until`);
  const statement = db
    .with(given, leased, fresh, stored, counted, extended)
    .select({
      runId: leased.runId,
      leaseToken: sql<string>`${leased.leaseToken}`,
      generation: leased.generation,
      storedCount: sql<number>`coalesce(counted.stored, 0)`,
      lastSeq: leased.lastSeq,
      saidBytes: leased.saidBytes,
      leaseUntil: sql<Date>`coalesce(extended.until, leased.lease_until)`.mapWith(runs.leaseUntil),
      deadlineAt: leased.deadlineAt,
      cancelRequested: sql<boolean>`${leased.cancelRequestedAt} is not null`,
    })
    .from(leased)
    .leftJoin(counted, sql`${counted.runId} = ${leased.runId}`)
    .leftJoin(extended, sql`${extended.runId} = ${leased.runId}`)
    .prepare("insert_deltas");
  return (deltas, maxBytes) =>
    statement.execute({
      maxBytes,
      runIds: deltas.map((delta) => delta.runId),
      leaseTokens: deltas.map((delta) => delta.leaseToken),
      seqs: deltas.map((delta) => delta.seq),
      texts: deltas.map((delta) => delta.text),
      leaseMs: deltas.map((delta) => delta.leaseMs),
    });
}

/** Removes deltas of runs that ended longer than `keepMs` ago or are gone. */
export type PruneDeltas = (keepMs: number) => Promise<void>;

export function preparePruneDeltas(db: Db): PruneDeltas {
  const statement = db
    .delete(runEvents)
    .where(sql`not exists (
      select 1 from runs
      where runs.run_id = ${runEvents.runId}
        and (ended_at is null or ended_at > now() - ${sql.placeholder("keepMs")}::float8 * interval '1 millisecond')
    )`)
    .prepare("prune_deltas");
  return async (keepMs) => {
    await statement.execute({ keepMs });
  };
}
