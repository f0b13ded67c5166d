import { sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { environmentKeyId, runs, webhookKeyId } from "../schema/index.ts";

export interface LeaseKey {
  runId: number;
  leaseToken: string;
  /** Id of the service key that reports. */
  keyId: string;
  /**
   * The assistants that the key reaches; null means all. It may also report on runs of theirs that a webhook was given, whose
   * receiver reports under a key of its own. Absent: none.
   */
  assistantIds?: readonly number[] | null | undefined;
}

/** The service key that the lease of a run belongs to. */
export const leaseOwner = sql`coalesce(lease_key_id, ${environmentKeyId})`.inlineParams();

/** True of a run that was claimed for a webhook. */
export const isPushed = sql`lease_key_id = ${webhookKeyId}`.inlineParams();

/** True of a run whose lease, that of a webhook included, is one that the given key may report on. */
export const leaseIsOfKey = sql`(
  ${leaseOwner} = ${sql.placeholder("keyId")}
  or ${isPushed} and coalesce(assistant_id = any(${sql.placeholder("assistantIds")}::bigint[]), true)
)`;

/** What the placeholders of {@link leaseHolds} stand for. */
export function leaseValues({ runId, leaseToken, keyId, assistantIds = [] }: LeaseKey): Record<string, unknown> {
  return { runId, leaseToken, keyId, assistantIds };
}

/**
 * True of a run whose lease the given token and service key hold now, by the database's clock. Only running runs have a lease
 * (`runs_lease_check`); a condition on the state would let a plan walk the index of all leases.
 */
export const leaseHolds = sql`
  run_id = ${sql.placeholder("runId")} and lease_token = ${sql.placeholder("leaseToken")}::uuid
  and ${leaseIsOfKey} and lease_until > clock_timestamp()`;

/** How long a run may stay open. */
export interface AnswerTimes {
  /** From its last sign of life. */
  deadlineMs: number;
  /** In all, unless its assistant has a limit of its own. */
  maxMs: number;
}

/** The latest deadline of a run. @param run row or step with `created_at` and `assistant_id` */
export const latestDeadline = (run: SQL): SQL => sql`
  ${run}.created_at + interval '1 millisecond' * coalesce(
    (select answer_max_ms from assistants where assistants.assistant_id = ${run}.assistant_id),
    ${sql.placeholder("maxMs")}::float8
  )`;

/** The deadline of the row of `runs` after a sign of life. It never moves back. */
export const movedDeadline = sql`greatest(deadline_at, least(
  clock_timestamp() + ${sql.placeholder("deadlineMs")}::float8 * interval '1 millisecond', ${latestDeadline(sql`runs`)}
))`;

export interface ExtendedLease {
  leaseUntil: Date;
  deadlineAt: Date;
  cancelRequested: boolean;
}

/** Lets a lease end `leaseMs` from now, and moves the deadline. Undefined when token and key do not hold the lease. */
export type ExtendLease = (lease: LeaseKey & AnswerTimes & { leaseMs: number }) => Promise<ExtendedLease | undefined>;

export function prepareExtendLease(db: Db): ExtendLease {
  const extended = db.$with("extended", {
    leaseUntil: runs.leaseUntil,
    deadlineAt: runs.deadlineAt,
    cancelRequestedAt: runs.cancelRequestedAt,
  }).as(sql`
    update runs set
      lease_confirmed = true, deadline_at = ${movedDeadline},
      lease_until = clock_timestamp() + ${sql.placeholder("leaseMs")}::float8 * interval '1 millisecond'
    where ${leaseHolds} and deadline_at > clock_timestamp()
    returning lease_until, deadline_at, cancel_requested_at`);
  const statement = db
    .with(extended)
    .select({
      leaseUntil: sql<Date>`${extended.leaseUntil}`.mapWith(runs.leaseUntil),
      deadlineAt: extended.deadlineAt,
      cancelRequested: sql<boolean>`${extended.cancelRequestedAt} is not null`,
    })
    .from(extended)
    .prepare("extend_lease");
  return async (lease) => (await statement.execute({ ...lease, ...leaseValues(lease) })).at(0);
}

export interface ReleasedRun {
  dialogId: number;
  /** The owner of the dialog. */
  ownerId: number;
  assistantId: number;
  /** Whether the user asked to cancel, so that `reap_runs` will end the run. */
  cancelRequested: boolean;
}

/** Puts a run back into the queue without spending the attempt. Undefined when token and key do not hold the lease. */
export type ReleaseRun = (lease: LeaseKey) => Promise<ReleasedRun | undefined>;

export function prepareReleaseRun(db: Db): ReleaseRun {
  const released = db.$with("released", {
    dialogId: runs.dialogId,
    assistantId: runs.assistantId,
    cancelRequestedAt: runs.cancelRequestedAt,
  }).as(sql`
    update runs set state = 'queued', attempt = attempt - 1, lease_until = null, available_at = clock_timestamp()
    where ${leaseHolds}
    returning dialog_id, assistant_id, cancel_requested_at`);
  const statement = db
    .with(released)
    .select({
      dialogId: released.dialogId,
      assistantId: released.assistantId,
      ownerId: sql<number>`(select user_id from dialogs where dialogs.dialog_id = released.dialog_id)`.mapWith(Number),
      cancelRequested: sql<boolean>`${released.cancelRequestedAt} is not null`,
    })
    .from(released)
    .prepare("release_run");
  return async (lease) => (await statement.execute(leaseValues(lease))).at(0);
}
