import { asc, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, runs } from "../schema/index.ts";

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
  attempt: number;
  maxAttempts: number;
  /** The dialog up to and including the question, oldest first. */
  messages: HistoryMessage[];
}

/**
 * Leases up to `max` queued runs to a worker, oldest first, with the newest `historyLimit` messages of each dialog. It
 * skips runs that another statement is claiming, so that no run is given to two workers.
 */
export type ClaimRuns = (claim: {
  worker: string;
  max: number;
  leaseMs: number;
  historyLimit: number;
  /** Only runs that have been claimable for this long. */
  minAgeMs: number;
}) => Promise<ClaimedRun[]>;

// Spelled out, because Drizzle omits the table of columns when it selects from one table.
const newestMessages = sql<HistoryMessage[]>`(
  select json_agg(json_build_object(
    'messageId', message_id, 'role', case user_id when ${botUserId} then 'bot' else 'user' end, 'content', content
  ) order by seq)
  from (
    select message_id, user_id, content, seq from messages
    where messages.dialog_id = claimed.dialog_id
      and seq <= (select seq from messages where message_id = claimed.question_id)
    order by seq desc
    limit ${sql.placeholder("historyLimit")}::int
  ) as newest
)`;

export function prepareClaimRuns(db: Db): ClaimRuns {
  const claimable = db.$with("claimable", { runId: runs.runId }).as(sql`
    select run_id from runs
    where state = 'queued' and available_at <= now() - ${sql.placeholder("minAgeMs")}::float8 * interval '1 millisecond'
      and deadline_at > now() and cancel_requested_at is null
    order by available_at, run_id
    limit ${sql.placeholder("max")}::int
    for update skip locked`);
  const claimed = db.$with("claimed", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    questionId: runs.questionId,
    leaseToken: runs.leaseToken,
    leaseUntil: runs.leaseUntil,
    deadlineAt: runs.deadlineAt,
    attempt: runs.attempt,
    maxAttempts: runs.maxAttempts,
  }).as(sql`
    update runs set
      state = 'running', attempt = attempt + 1, epoch = epoch + 1, worker = ${sql.placeholder("worker")},
      lease_token = gen_random_uuid(),
      lease_until = clock_timestamp() + ${sql.placeholder("leaseMs")}::float8 * interval '1 millisecond',
      started_at = coalesce(started_at, clock_timestamp()), error_code = null, error_message = null
    from claimable
    where runs.run_id = claimable.run_id
    returning runs.run_id, dialog_id, question_id, lease_token, lease_until, deadline_at, attempt, max_attempts`);
  const statement = db
    .with(claimable, claimed)
    .select({
      runId: claimed.runId,
      dialogId: claimed.dialogId,
      userId: sql<number>`(select user_id from dialogs where dialogs.dialog_id = claimed.dialog_id)`.mapWith(Number),
      leaseToken: sql<string>`${claimed.leaseToken}`,
      leaseUntil: sql<Date>`${claimed.leaseUntil}`.mapWith(runs.leaseUntil),
      deadlineAt: claimed.deadlineAt,
      attempt: claimed.attempt,
      maxAttempts: claimed.maxAttempts,
      messages: newestMessages,
    })
    .from(claimed)
    .orderBy(asc(claimed.runId))
    .prepare("claim_runs");
  return (claim) => statement.execute({ ...claim });
}

/** How many runs a claim would find now, counted up to `limit`. */
export type CountClaimableRuns = (limit: number) => Promise<number>;

export function prepareCountClaimableRuns(db: Db): CountClaimableRuns {
  const waiting = db
    .select({ runId: runs.runId })
    .from(runs)
    .where(
      sql`${eq(runs.state, sql`'queued'`)} and ${runs.availableAt} <= now() and ${runs.deadlineAt} > now() and ${runs.cancelRequestedAt} is null`,
    )
    .limit(sql.placeholder("limit"))
    .as("waiting");
  const statement = db
    .select({ total: sql<number>`count(*)`.mapWith(Number) })
    .from(waiting)
    .prepare("count_claimable");
  return async (limit) => (await statement.execute({ limit })).at(0)?.total ?? 0;
}
