import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { runs } from "../schema/index.ts";
import { isPushed, leaseOwner, type LeaseKey } from "./leases.ts";
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
 * - `repeated`: a delta with its number is stored already.
 * - `gap`: a delta before it is missing.
 * - `too_long`: with it the text would exceed `maxBytes`, or what the run's assistant allows.
 * - `refused`: token and key do not hold the lease, or the deadline has passed.
 */
export type DeltaResult = LeasedResult | { outcome: "refused" };

interface LeasedResult extends DeltaLease {
  outcome: "stored" | "repeated" | "gap" | "too_long";
}

/**
 * Stores deltas of many runs in one statement. Leases that are more than half over, or not confirmed yet, are extended, so
 * that most deltas change no row of `runs`.
 *
 * @param maxBytes limit of the text of one claim epoch, in UTF-8
 * @returns one result for each offered delta, in the same order
 */
export type InsertDeltas = (deltas: readonly Delta[], maxBytes: number) => Promise<DeltaResult[]>;

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

/** A batch can hold deltas of a stale lease and of the present one of a run. Only the latter have an epoch. */
function extendedLeases(db: Db) {
  return db.$with("extended", { runId: runs.runId, leaseUntil: sql`until`.as("until") }).as(sql`
    update runs set lease_confirmed = true, lease_until = clock_timestamp() + lease_ms * interval '1 millisecond'
    from (
      select run_id, lease_token, max(lease_ms) as lease_ms from judged
      where epoch is not null
        and (not lease_confirmed or lease_until < now() + lease_ms * interval '0.5 millisecond')
      group by run_id, lease_token
    ) as wanted
    where runs.run_id = wanted.run_id and runs.lease_token = wanted.lease_token
      and state = 'running' and lease_until > now() and deadline_at > now()
      and (not lease_confirmed or lease_until < now() + lease_ms * interval '0.5 millisecond')
    returning runs.run_id, lease_until as until`);
}

const outcomeOf = sql`
  case
    when judged.epoch is null then 'refused'
    when stored.seq is not null then 'stored'
    when judged.seq <= judged.last_seq + judged.accepted then 'repeated'
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
    on conflict do nothing
    returning run_id, seq`);
  const extended = extendedLeases(db);
  const query = db
    .with(offered, continued, judged, stored, extended)
    .select({
      outcome: outcomeOf,
      epoch: sql`judged.epoch`,
      lastSeq: sql`(judged.last_seq + judged.accepted)::int`,
      leaseUntil: sql`coalesce(extended.until, judged.lease_until)`,
      deadlineAt: sql`judged.deadline_at`,
      cancelRequested: sql`judged.cancel_requested_at is not null`,
    })
    .from(judged)
    .leftJoin(stored, sql`judged.is_next and stored.run_id = judged.run_id and stored.seq = judged.seq`)
    .leftJoin(extended, sql`judged.epoch is not null and extended.run_id = judged.run_id`)
    .orderBy(sql`judged.place`);
  const execute = prepareDecoded(db, query, { name: "insert_deltas", decode: decodeResult });
  return (deltas, maxBytes) =>
    execute({
      maxBytes,
      runIds: deltas.map((delta) => delta.runId),
      leaseTokens: deltas.map((delta) => delta.leaseToken),
      keyIds: deltas.map((delta) => delta.keyId),
      reaches: deltas.map(reachOf),
      seqs: deltas.map((delta) => delta.seq),
      texts: deltas.map((delta) => delta.text),
      leaseMs: deltas.map((delta) => delta.leaseMs),
    });
}
