import { asc, sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, queueClock, runs } from "../schema/index.ts";
import type { AskMetadata } from "./ask.ts";

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
  assistantId: number;
  assistant: { slug: string; instructions: string };
  /** Of the request that asked; null of a run that the version before stored. */
  metadata: AskMetadata | null;
  leaseToken: string;
  /** The service key that the lease belongs to. */
  keyId: string;
  leaseUntil: Date;
  createdAt: Date;
  deadlineAt: Date;
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
  /** Of which assistants; null means all. */
  assistantIds: readonly number[] | null;
  /** Id of the service key that claims. */
  keyId: string;
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

const claimedAssistant = sql<ClaimedRun["assistant"]>`(
  select json_build_object('slug', slug, 'instructions', instructions) from assistants
  where assistants.assistant_id = claimed.assistant_id
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
export const isClaimable = sql`state = 'queued' and deadline_at > now() and cancel_requested_at is null`;

const isDue = sql`${isClaimable} and available_at <= now()`;

const floor = sql`
  (select floor_tag from queue_clock where only_row), (select floor_run_id from queue_clock where only_row)`;

const claimableRuns = sql`
  select run_id from runs
  where (start_tag, run_id) >= (${floor}) and ${isDue}
    and assistant_id <> all(${sql.placeholder("exceptAssistantIds")}::bigint[])
  order by start_tag, run_id
  limit ${sql.placeholder("max")}::int
  for update skip locked`;

/** So many more runs of each assistant are looked at than are wanted, because other claims may hold the first ones. */
const lookAhead = 100;

/**
 * The same for some assistants: the first of each, and of those the first of all. They are locked one after the other until there
 * are enough, and so looked at again: what another claim takes meanwhile is passed over. The conditions are a range of `runs_assistant_id_idx`: with an equality
 * the planner may walk the index of all assistants.
 */
const claimableRunsOfAssistants = sql`
  select locked.run_id
  from (
    select place.*
    from unnest(${sql.placeholder("assistantIds")}::bigint[]) as served(assistant_id)
      cross join lateral (
        select start_tag, run_id from runs
        where (runs.assistant_id, start_tag, run_id) >= (served.assistant_id, ${floor})
          and runs.assistant_id <= served.assistant_id and ${isDue}
        order by runs.assistant_id, start_tag, run_id
        limit ${sql.placeholder("max")}::int + ${lookAhead}::int
      ) as place
    order by start_tag, run_id
  ) as place
    cross join lateral (
      select run_id from runs where runs.run_id = place.run_id and ${isClaimable} for update skip locked
    ) as locked
  order by place.start_tag, place.run_id
  limit ${sql.placeholder("max")}::int`;

interface ClaimVariant {
  name: string;
  claimable: SQL;
  movesClock: boolean;
}

/** It keeps `generation` equal to `epoch` itself: the trigger that would do so costs each claim some per cent. */
function claimStatement(db: Db, { name, claimable: wanted, movesClock }: ClaimVariant) {
  const claimable = db.$with("claimable", { runId: runs.runId }).as(wanted);
  const claimed = db.$with("claimed", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    questionId: runs.questionId,
    assistantId: runs.assistantId,
    startTag: runs.startTag,
    metadata: runs.metadata,
    createdAt: runs.createdAt,
    leaseToken: runs.leaseToken,
    leaseKeyId: runs.leaseKeyId,
    leaseUntil: runs.leaseUntil,
    deadlineAt: runs.deadlineAt,
    attempt: runs.attempt,
    maxAttempts: runs.maxAttempts,
  }).as(sql`
    update runs set
      state = 'running', attempt = attempt + 1, epoch = epoch + 1, generation = epoch + 1, worker = ${sql.placeholder("worker")},
      lease_token = gen_random_uuid(), lease_key_id = ${sql.placeholder("keyId")}, lease_confirmed = within.ms is null,
      lease_until = clock_timestamp()
        + least(within.ms, ${sql.placeholder("leaseMs")}::float8) * interval '1 millisecond',
      started_at = coalesce(started_at, clock_timestamp()), error_code = null, error_message = null
    from claimable cross join (select ${sql.placeholder("confirmWithinMs")}::float8 as ms) as within
    where runs.run_id = claimable.run_id
    returning runs.run_id, dialog_id, question_id, assistant_id, start_tag, metadata, created_at, lease_token, lease_key_id,
      lease_until, deadline_at, attempt, max_attempts`);
  return db
    .with(claimable, claimed, ...(movesClock ? clockMoves(db) : []))
    .select({
      runId: claimed.runId,
      dialogId: claimed.dialogId,
      userId: sql<number>`(select user_id from dialogs where dialogs.dialog_id = claimed.dialog_id)`.mapWith(Number),
      assistantId: claimed.assistantId,
      assistant: claimedAssistant,
      metadata: sql<AskMetadata | null>`${claimed.metadata}`,
      createdAt: claimed.createdAt,
      leaseToken: sql<string>`${claimed.leaseToken}`,
      keyId: sql<string>`${claimed.leaseKeyId}`,
      leaseUntil: sql<Date>`${claimed.leaseUntil}`.mapWith(runs.leaseUntil),
      deadlineAt: claimed.deadlineAt,
      attempt: claimed.attempt,
      maxAttempts: claimed.maxAttempts,
      messages: newestMessages,
    })
    .from(claimed)
    .orderBy(asc(claimed.startTag), asc(claimed.runId))
    .prepare(name);
}

export function prepareClaimRuns(db: Db): ClaimRuns {
  const prepareBoth = (variant: Omit<ClaimVariant, "movesClock">) => ({
    claimOnly: claimStatement(db, { ...variant, movesClock: false }),
    claimAndMove: claimStatement(db, { ...variant, movesClock: true }),
  });
  const ofAll = prepareBoth({ name: "claim_runs", claimable: claimableRuns });
  const ofAssistants = prepareBoth({ name: "claim_assistant_runs", claimable: claimableRunsOfAssistants });
  return ({ movesClock, exceptAssistantIds, ...claim }) => {
    const assistantIds = claim.assistantIds?.filter((assistantId) => !exceptAssistantIds.includes(assistantId)) ?? null;
    const { claimOnly, claimAndMove } = assistantIds === null ? ofAll : ofAssistants;
    return (movesClock ? claimAndMove : claimOnly).execute({ ...claim, assistantIds, exceptAssistantIds });
  };
}
