import { eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "../db.ts";
import { dialogs, messages, runs, type RunState } from "../schema/index.ts";

export interface LeaseKey {
  runId: number;
  leaseToken: string;
}

/** True of a run whose worker holds the lease now, by the database's clock. */
const leaseHolds = sql`
  run_id = ${sql.placeholder("runId")} and lease_token = ${sql.placeholder("leaseToken")}::uuid
  and state = 'running' and lease_until > clock_timestamp()`;

export interface ExtendedLease {
  leaseUntil: Date;
  deadlineAt: Date;
  cancelRequested: boolean;
}

/** Extends a lease from now on; the deadline stays. Returns undefined when the lease does not hold. */
export type ExtendLease = (lease: LeaseKey & { leaseMs: number }) => Promise<ExtendedLease | undefined>;

export function prepareExtendLease(db: Db): ExtendLease {
  const extended = db.$with("extended", {
    leaseUntil: runs.leaseUntil,
    deadlineAt: runs.deadlineAt,
    cancelRequestedAt: runs.cancelRequestedAt,
  }).as(sql`
    update runs set
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
  return async (lease) => (await statement.execute({ ...lease })).at(0);
}

export interface ReleasedRun {
  dialogId: number;
  /** Whether the user wants no answer any more, so that settling will end the run. */
  cancelRequested: boolean;
}

/** Puts a run back in the queue without spending the attempt. Returns undefined when the lease does not hold. */
export type ReleaseRun = (lease: LeaseKey) => Promise<ReleasedRun | undefined>;

export function prepareReleaseRun(db: Db): ReleaseRun {
  const released = db.$with("released", { dialogId: runs.dialogId, cancelRequestedAt: runs.cancelRequestedAt }).as(sql`
    update runs set state = 'queued', attempt = attempt - 1, lease_until = null, available_at = clock_timestamp()
    where ${leaseHolds}
    returning dialog_id, cancel_requested_at`);
  const statement = db
    .with(released)
    .select({ dialogId: released.dialogId, cancelRequested: sql<boolean>`${released.cancelRequestedAt} is not null` })
    .from(released)
    .prepare("release_run");
  return async (lease) => (await statement.execute({ ...lease })).at(0);
}

export interface FailedRun extends ReleasedRun {
  state: RunState;
  attempt: number;
}

/**
 * Records that a worker could not answer. With `retry` and an attempt left the run is queued again, `backoffMs`
 * doubled for each attempt made; otherwise it fails for good. A run that is to be cancelled is queued for settling. Returns undefined when the lease does not hold.
 */
export type FailRun = (
  failure: LeaseKey & { errorCode: string; errorMessage: string; retry: boolean; backoffMs: number },
) => Promise<FailedRun | undefined>;

export function prepareFailRun(db: Db): FailRun {
  const again = sql`(${sql.placeholder("retry")}::boolean and attempt < max_attempts or cancel_requested_at is not null)`;
  const dialog = db.$with("dialog", { dialogId: dialogs.dialogId }).as(sql`
    select dialogs.dialog_id from dialogs
    where dialog_id = (select dialog_id from runs where run_id = ${sql.placeholder("runId")})
    for update`);
  const failed = db.$with("failed", {
    dialogId: runs.dialogId,
    state: runs.state,
    attempt: runs.attempt,
    cancelRequestedAt: runs.cancelRequestedAt,
  }).as(sql`
    update runs set
      state = case when ${again} then 'queued' else 'failed' end,
      available_at = clock_timestamp()
        + ${sql.placeholder("backoffMs")}::float8 * power(2, attempt - 1) * interval '1 millisecond',
      lease_until = null,
      error_code = ${sql.placeholder("errorCode")}, error_message = ${sql.placeholder("errorMessage")},
      ended_at = case when ${again} then null else clock_timestamp() end
    from dialog
    where runs.dialog_id = dialog.dialog_id and ${leaseHolds}
    returning runs.dialog_id, state, attempt, cancel_requested_at`);
  const freed = db.$with("freed", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = false
    from failed where dialogs.dialog_id = failed.dialog_id and failed.state = 'failed'
    returning dialogs.dialog_id`);
  const statement = db
    .with(dialog, failed, freed)
    .select({
      dialogId: failed.dialogId,
      state: failed.state,
      attempt: failed.attempt,
      cancelRequested: sql<boolean>`${failed.cancelRequestedAt} is not null`,
    })
    .from(failed)
    .prepare("fail_run");
  return async (failure) => (await statement.execute({ ...failure })).at(0);
}

export interface ReportedRun {
  state: RunState;
  leaseToken: string | null;
  answerText: string | null;
}

/** What a run looks like to a worker whose report was refused; undefined when there is no such run (any more). */
export type FindReportedRun = (runId: number) => Promise<ReportedRun | undefined>;

export function prepareFindReportedRun(db: Db): FindReportedRun {
  const answer = alias(messages, "answer");
  const statement = db
    .select({ state: runs.state, leaseToken: runs.leaseToken, answerText: answer.content })
    .from(runs)
    .leftJoin(answer, eq(answer.messageId, runs.answerId))
    .where(eq(runs.runId, sql.placeholder("runId")))
    .prepare("find_reported_run");
  return async (runId) => (await statement.execute({ runId })).at(0);
}
