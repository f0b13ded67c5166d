import { asc, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, queueClock, runs } from "../schema/index.ts";

export interface HistoryMessage {
  messageId: number;
  role: "user" | "bot";
  content: string;
}

export interface ClaimedRun {
  runId: number;
  dialogId: number;
  /** The owner of the dialog. */
  userId: number;
  leaseToken: string;
  leaseUntil: Date;
  deadlineAt: Date;
  createdAt: Date;
  attempt: number;
  maxAttempts: number;
  /** The dialog up to and including the question, oldest first. */
  messages: HistoryMessage[];
}

/**
 * Leases up to `max` queued runs to a worker, in the order of their start tags. With each comes the newest part of its dialog:
 * up to `historyLimit` messages of up to `maxBytes` of UTF-8 together, but the question always. It skips runs that another
 * statement is claiming, so that no run is given to two workers.
 */
export type ClaimRuns = (claim: {
  worker: string;
  max: number;
  leaseMs: number;
  /** If not null, the lease ends this early unless a report confirms it; then the claim costs no attempt. */
  confirmWithinMs: number | null;
  historyLimit: number;
  maxBytes: number;
  /** Leaves out the runs of these assistants. */
  exceptAssistantIds: readonly number[];
  /** Whether it moves the queue's clock too, where that is due. Each process does so a few times a second. */
  movesClock: boolean;
}) => Promise<ClaimedRun[]>;

// Spelled out, because Drizzle omits the table of columns when it selects from one table.
const newestMessages = sql<HistoryMessage[]>`(
  select json_agg(json_build_object(
    'messageId', message_id, 'role', case user_id when ${botUserId} then 'bot' else 'user' end, 'content', content
  ) order by seq)
  from (
    select *, octet_length(content) as bytes, sum(octet_length(content)) over (order by seq desc) as bytes_so_far
    from (
      select message_id, user_id, content, seq from messages
      where messages.dialog_id = claimed.dialog_id
        and seq <= (select seq from messages where message_id = claimed.question_id)
      order by seq desc
      limit ${sql.placeholder("historyLimit")}::int
    ) as newest
  ) as measured
  where bytes_so_far <= ${sql.placeholder("maxBytes")}::int or bytes_so_far = bytes
)`;

/** Shortest time between two moves of the queue's virtual time: its row is read by every question and every claim. */
const clockStep = sql`interval '250 milliseconds'`;
const floorStep = sql`interval '2 seconds'`;
/** Longer than any statement may take, so that what it began to store below the tail is there when the tail moves on. */
const tailStep = sql`interval '10 seconds'`;

/**
 * Moves the queue's clock, unless another claim is moving it: the virtual time to the largest start tag that was claimed; the
 * floor to the first queued run, but not beyond the tag that a question asked at this moment gets; the tail after it.
 */
function clockMoves(db: Db) {
  const clock = db.$with("clock", { virtualTime: queueClock.virtualTime }).as(sql`
    select virtual_time, tail_tag, floor_moved_at <= now() - ${floorStep} as floor_due,
      floor_moved_at <= now() - ${floorStep} and tail_moved_at <= now() - ${tailStep} as tail_due
    from queue_clock
    where only_row and (
      floor_moved_at <= now() - ${floorStep}
      or moved_at <= now() - ${clockStep} and virtual_time < (select max(start_tag) from claimed)
    )
    for no key update skip locked`);
  const first = db.$with("first_queued", { virtualTime: queueClock.virtualTime }).as(sql`
    select place.start_tag, place.run_id
    from clock cross join lateral (
      (select runs.start_tag, runs.run_id from runs
        where state = 'queued' and runs.start_tag >= clock.tail_tag order by runs.start_tag, runs.run_id limit 1)
      union all select clock.virtual_time + 1, 0
    ) as place
    where floor_due
    order by place.start_tag, place.run_id
    limit 1`);
  const moved = db.$with("moved", { virtualTime: queueClock.virtualTime }).as(sql`
    update queue_clock set
      virtual_time = greatest(queue_clock.virtual_time, (select max(start_tag) from claimed)), moved_at = now(),
      floor_tag = coalesce(first_queued.start_tag, floor_tag), floor_run_id = coalesce(first_queued.run_id, floor_run_id),
      floor_moved_at = case when floor_due then now() else floor_moved_at end,
      tail_tag = case when tail_due then least(next_tail_tag, first_queued.start_tag) else queue_clock.tail_tag end,
      next_tail_tag = case when tail_due then first_queued.start_tag else next_tail_tag end,
      tail_moved_at = case when tail_due then now() else tail_moved_at end
    from clock left join first_queued on true
    where only_row`);
  return [clock, first, moved] as const;
}

/** Whose time has come and who still wants an answer. */
const isClaimable = sql`state = 'queued' and deadline_at > now() and cancel_requested_at is null`;

/** It keeps `generation` equal to `epoch` itself: the trigger that would do so costs each claim some per cent. */
function claimStatement(db: Db, { movesClock }: { movesClock: boolean }) {
  const claimable = db.$with("claimable", { runId: runs.runId }).as(sql`
    select run_id from runs
    where (start_tag, run_id) >= (
        (select floor_tag from queue_clock where only_row), (select floor_run_id from queue_clock where only_row)
      )
      and ${isClaimable} and available_at <= now()
      and assistant_id <> all(${sql.placeholder("exceptAssistantIds")}::bigint[])
    order by start_tag, run_id
    limit ${sql.placeholder("max")}::int
    for update skip locked`);
  const claimed = db.$with("claimed", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    questionId: runs.questionId,
    startTag: runs.startTag,
    leaseToken: runs.leaseToken,
    leaseUntil: runs.leaseUntil,
    deadlineAt: runs.deadlineAt,
    createdAt: runs.createdAt,
    attempt: runs.attempt,
    maxAttempts: runs.maxAttempts,
  }).as(sql`
    update runs set
      state = 'running', attempt = attempt + 1, epoch = epoch + 1, generation = epoch + 1, worker = ${sql.placeholder("worker")},
      lease_token = gen_random_uuid(), lease_confirmed = within.ms is null,
      lease_until = clock_timestamp()
        + least(within.ms, ${sql.placeholder("leaseMs")}::float8) * interval '1 millisecond',
      started_at = coalesce(started_at, clock_timestamp()), error_code = null, error_message = null
    from claimable cross join (select ${sql.placeholder("confirmWithinMs")}::float8 as ms) as within
    where runs.run_id = claimable.run_id
    returning runs.run_id, dialog_id, question_id, start_tag, lease_token, lease_until, deadline_at, created_at, attempt, max_attempts`);
  return db
    .with(claimable, claimed, ...(movesClock ? clockMoves(db) : []))
    .select({
      runId: claimed.runId,
      dialogId: claimed.dialogId,
      userId: sql<number>`(select user_id from dialogs where dialogs.dialog_id = claimed.dialog_id)`.mapWith(Number),
      leaseToken: sql<string>`${claimed.leaseToken}`,
      leaseUntil: sql<Date>`${claimed.leaseUntil}`.mapWith(runs.leaseUntil),
      deadlineAt: claimed.deadlineAt,
      createdAt: claimed.createdAt,
      attempt: claimed.attempt,
      maxAttempts: claimed.maxAttempts,
      messages: newestMessages,
    })
    .from(claimed)
    .orderBy(asc(claimed.startTag), asc(claimed.runId))
    .prepare("claim_runs");
}

export function prepareClaimRuns(db: Db): ClaimRuns {
  const claimOnly = claimStatement(db, { movesClock: false });
  const claimAndMove = claimStatement(db, { movesClock: true });
  return ({ movesClock, ...claim }) => (movesClock ? claimAndMove : claimOnly).execute({ ...claim });
}

/**
 * How many runs wait to be claimed now, counted up to `limit`. It looks from the tail of the queue's clock on, and so also
 * sees a run below the floor, which the claim that moves the floor makes claimable.
 */
export type CountClaimableRuns = (limit: number) => Promise<number>;

export function prepareCountClaimableRuns(db: Db): CountClaimableRuns {
  const waiting = db
    .select({ runId: runs.runId })
    .from(runs)
    .where(
      sql`start_tag >= (select tail_tag from queue_clock where only_row) and ${isClaimable} and available_at <= now()`,
    )
    .orderBy(sql`start_tag, run_id`)
    .limit(sql.placeholder("limit"))
    .as("waiting");
  const statement = db
    .select({ total: sql<number>`count(*)`.mapWith(Number) })
    .from(waiting)
    .prepare("count_claimable");
  return async (limit) => (await statement.execute({ limit })).at(0)?.total ?? 0;
}
