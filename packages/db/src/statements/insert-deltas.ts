import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { runs } from "../schema/index.ts";
import { isPushed, latestDeadline, leaseOwner, movedDeadline, type AnswerTimes, type LeaseKey } from "./leases.ts";
import { prepareDecoded } from "./prepare-decoded.ts";

/** A piece of an answer, offered under a lease. */
export interface Delta extends LeaseKey {
  /** From 1 within a claim epoch, without gaps. */
  seq: number;
  text: string;
  leaseMs: number;
}

/** State of a lease after the statement. */
export interface DeltaLease {
  epoch: number;
  /** Number of the newest delta before the first missing one. */
  lastSeq: number;
  leaseUntil: Date;
  deadlineAt: Date;
  cancelRequested: boolean;
}

/**
 * - `stored`: it continues the text.
 * - `repeated`: a delta with its number and its text is stored already.
 * - `conflict`: a delta with its number and another text is stored already.
 * - `gap`: a delta before it is missing.
 * - `too_long`: with it the text would exceed `maxBytes`, or what the run's assistant allows.
 * - `refused`: token and key do not hold the lease, or the deadline has passed.
 */
export type DeltaResult = LeasedResult | { outcome: "refused" };

interface LeasedResult extends DeltaLease {
  outcome: "stored" | "repeated" | "conflict" | "gap" | "too_long";
}

export interface DeltaLimits extends AnswerTimes {
  /** Of the text of one claim epoch, in UTF-8. */
  maxBytes: number;
}

/**
 * Stores deltas of many runs in one statement. Leases that are more than half over, or not confirmed yet, are extended, and
 * so are those whose deadline has come an eighth of its time closer; most deltas change no row of `runs`.
 *
 * @returns one result for each offered delta, in the same order
 */
export type InsertDeltas = (deltas: readonly Delta[], limits: DeltaLimits) => Promise<DeltaResult[]>;

/**
 * The offered deltas. Those whose token and key hold the lease have the run's epoch and the number and length of what it has
 * streamed, looked up by key for each delta, because the planner cannot know the size of a batch. A condition on the
 * state would let it walk the index of all leases; only running runs have a lease (`runs_lease_check`). `copy` counts
 * deltas with one number.
 */
function offeredDeltas(db: Db) {
  return db.$with("offered", { runId: runs.runId }).as(sql`
    select given.*, leased.*,
      row_number() over (partition by given.run_id, given.lease_token, leased.epoch, given.seq order by place) as copy
    from unnest(
      ${sql.placeholder("runIds")}::bigint[], ${sql.placeholder("leaseTokens")}::uuid[],
      ${sql.placeholder("keyIds")}::text[], ${sql.placeholder("reaches")}::text[], ${sql.placeholder("seqs")}::int[], ${sql.placeholder("texts")}::text[],
      ${sql.placeholder("leaseMs")}::int[]
    ) with ordinality as given(run_id, lease_token, key_id, reach, seq, text, lease_ms, place)
    left join lateral (
      select coalesce((
          select answer_max_bytes from assistants where assistants.assistant_id = runs.assistant_id
        ), ${sql.placeholder("maxBytes")}::int) as max_bytes,
        runs.epoch, runs.lease_until, runs.lease_confirmed, runs.deadline_at, runs.cancel_requested_at,
        runs.created_at, runs.assistant_id,
        coalesce(last.seq, 0) as last_seq, coalesce(last.text_bytes, 0) as last_bytes
      from runs left join lateral (
        select run_deltas.seq, run_deltas.text_bytes from run_deltas
        where run_deltas.run_id = runs.run_id and run_deltas.epoch = runs.epoch
        order by run_deltas.seq desc limit 1
      ) as last on true
      where runs.run_id = given.run_id and runs.lease_token = given.lease_token
        and (${leaseOwner} = given.key_id or ${isPushed} and coalesce(runs.assistant_id = any(given.reach::bigint[]), true))
        and lease_until > now() and deadline_at > now()
      limit 1
    ) as leased on true`);
}

/**
 * Applies the rule: `is_next` is true of deltas that continue the text and keep it within the limit, and `accepted`
 * counts them in each run. Of several deltas with one number only the first can be next.
 */
function judgedDeltas(db: Db) {
  const continued = db.$with("continued", { runId: runs.runId }).as(sql`
    select *, last_bytes + sum(octet_length(text)) over fresh as text_bytes,
      copy = 1 and seq > last_seq and seq = last_seq + row_number() over fresh as continues
    from offered
    window fresh as (partition by run_id, lease_token, epoch, copy = 1 and seq > last_seq order by seq)`);
  const judged = db.$with("judged", { runId: runs.runId }).as(sql`
    select *, continues and text_bytes <= max_bytes as is_next,
      count(*) filter (where continues and text_bytes <= max_bytes)
        over (partition by run_id, lease_token, epoch) as accepted
    from continued`);
  return { continued, judged };
}

const isLeaseStale = sql`(not lease_confirmed or lease_until < now() + lease_ms * interval '0.5 millisecond')`;
const isDeadlineStale = sql`
  deadline_at < now() + ${sql.placeholder("deadlineMs")}::float8 * interval '0.875 millisecond'`;

/** A batch can hold deltas of a stale lease and of the present one of a run. Only the latter have an epoch. */
function extendedLeases(db: Db) {
  return db.$with("extended", { runId: runs.runId }).as(sql`
    update runs set
      lease_confirmed = true, deadline_at = ${movedDeadline},
      lease_until = greatest(
        case when lease_confirmed then lease_until end, clock_timestamp() + lease_ms * interval '1 millisecond'
      )
    from (
      select run_id, lease_token, max(lease_ms) as lease_ms from judged
      where epoch is not null
        and (${isLeaseStale} or ${isDeadlineStale} and deadline_at < ${latestDeadline(sql`judged`)})
      group by run_id, lease_token
    ) as wanted
    where runs.run_id = wanted.run_id and runs.lease_token = wanted.lease_token
      and state = 'running' and lease_until > now() and deadline_at > now()
      and (${isLeaseStale} or ${isDeadlineStale})
    returning runs.run_id, lease_until as until, deadline_at as deadline`);
}

/** `stored` has what is under the delta's number now, from this statement or from one that was faster. */
const outcomeOf = sql`
  case
    when judged.epoch is null then 'refused'
    when judged.is_next and stored.is_new then 'stored'
    when stored.text = judged.text then 'repeated'
    when stored.text is not null then 'conflict'
    when judged.seq <= judged.last_seq then case (
      select run_deltas.text from run_deltas
      where run_deltas.run_id = judged.run_id and run_deltas.epoch = judged.epoch and run_deltas.seq = judged.seq
    ) when judged.text then 'repeated' else 'conflict' end
    when judged.seq = judged.last_seq + judged.accepted + 1 then 'too_long'
    else 'gap'
  end`;

type ResultCells = [
  outcome: DeltaResult["outcome"],
  epoch: number,
  lastSeq: number,
  leaseUntil: string,
  deadlineAt: string,
  cancelRequested: boolean,
];

function decodeResult([outcome, epoch, lastSeq, leaseUntil, deadlineAt, cancelRequested]: ResultCells): DeltaResult {
  if (outcome === "refused") return { outcome };
  return {
    outcome,
    epoch,
    lastSeq,
    leaseUntil: new Date(leaseUntil),
    deadlineAt: new Date(deadlineAt),
    cancelRequested,
  };
}

/** The assistants of a key as the text of an array, because arrays of one array have one length. Null means all. */
function reachOf({ assistantIds = [] }: LeaseKey): string | null {
  return assistantIds === null ? null : `{${assistantIds.join(",")}}`;
}

export function prepareInsertDeltas(db: Db): InsertDeltas {
  const offered = offeredDeltas(db);
  const { continued, judged } = judgedDeltas(db);
  const stored = db.$with("stored", { runId: runs.runId }).as(sql`
    insert into run_deltas (run_id, epoch, seq, text, text_bytes)
    select run_id, epoch, seq, text, text_bytes from judged where is_next
    on conflict (run_id, epoch, seq) do update set text = run_deltas.text
    returning run_id, seq, text, xmax = 0 as is_new`);
  const extended = extendedLeases(db);
  const query = db
    .with(offered, continued, judged, stored, extended)
    .select({
      outcome: outcomeOf,
      epoch: sql`judged.epoch`,
      lastSeq: sql`(judged.last_seq + judged.accepted)::int`,
      leaseUntil: sql`coalesce(extended.until, judged.lease_until)`,
      deadlineAt: sql`coalesce(extended.deadline, judged.deadline_at)`,
      cancelRequested: sql`judged.cancel_requested_at is not null`,
    })
    .from(judged)
    .leftJoin(stored, sql`judged.epoch is not null and stored.run_id = judged.run_id and stored.seq = judged.seq`)
    .leftJoin(extended, sql`judged.epoch is not null and extended.run_id = judged.run_id`)
    .orderBy(sql`judged.place`);
  const execute = prepareDecoded(db, query, { name: "insert_deltas", decode: decodeResult });
  return (deltas, limits) =>
    execute({
      ...limits,
      runIds: deltas.map((delta) => delta.runId),
      leaseTokens: deltas.map((delta) => delta.leaseToken),
      keyIds: deltas.map((delta) => delta.keyId),
      reaches: deltas.map(reachOf),
      seqs: deltas.map((delta) => delta.seq),
      texts: deltas.map((delta) => delta.text),
      leaseMs: deltas.map((delta) => delta.leaseMs),
    });
}
