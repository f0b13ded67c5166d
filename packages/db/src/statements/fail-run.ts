import type { RunState } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, runs } from "../schema/index.ts";
import { leaseHolds, leaseValues, type LeaseKey, type ReleasedRun } from "./leases.ts";
import { freeDialogs, hasStreamed, insertPartialMessages } from "./streamed-text.ts";
import { endedRunDeliveries } from "./webhook-deliveries.ts";

export interface FailedRun extends ReleasedRun {
  state: RunState;
  attempt: number;
  attemptsLeft: number;
  /** Of a run that is queued again: when it can be claimed. */
  availableAt: Date;
}

/**
 * Records that a worker could not answer. With `retry` and an attempt left the run is queued again after `backoffMs`,
 * doubled for each attempt made; otherwise it fails for good, and what was streamed becomes a partial message unless
 * `discard` is set. If the user asked to cancel, the run is queued for `reap_runs` to end it. Undefined when token and key do
 * not hold the lease.
 */
export type FailRun = (
  failure: LeaseKey & {
    errorCode: string;
    errorMessage: string;
    retry: boolean;
    /** Whether what was streamed is thrown away. */
    discard?: boolean;
    backoffMs: number;
  },
) => Promise<FailedRun | undefined>;

export function prepareFailRun(db: Db): FailRun {
  const again = sql`(${sql.placeholder("retry")}::boolean and attempt < max_attempts or cancel_requested_at is not null)`;
  const dialog = db.$with("dialog", { dialogId: dialogs.dialogId }).as(sql`
    select dialogs.dialog_id, dialogs.user_id from dialogs
    where dialog_id = (select dialog_id from runs where run_id = ${sql.placeholder("runId")})
    for update`);
  const failed = db.$with("failed", {
    dialogId: runs.dialogId,
    ownerId: dialogs.userId,
    assistantId: runs.assistantId,
    state: runs.state,
    attempt: runs.attempt,
    attemptsLeft: sql<number>`attempts_left`.as("attempts_left"),
    availableAt: runs.availableAt,
    cancelRequestedAt: runs.cancelRequestedAt,
  }).as(sql`
    update runs set
      state = case when ${again} then 'queued' else 'failed' end,
      available_at = clock_timestamp()
        + ${sql.placeholder("backoffMs")}::float8 * power(2, attempt - 1) * interval '1 millisecond',
      lease_until = null,
      error_code = ${sql.placeholder("errorCode")}, error_message = ${sql.placeholder("errorMessage")},
      ended_at = case when ${again} then null else clock_timestamp() end,
      answer_id = case when not ${again} and not ${sql.placeholder("discard")}::boolean and ${hasStreamed}
        then nextval('messages_message_id_seq') end
    from dialog
    where runs.dialog_id = dialog.dialog_id and ${leaseHolds}
    returning run_id, epoch, answer_id, runs.dialog_id, dialog.user_id, assistant_id, state, attempt,
      max_attempts - attempt as attempts_left, available_at, cancel_requested_at`);
  const freed = db.$with("freed", { dialogId: dialogs.dialogId }).as(freeDialogs(sql`failed`));
  const partial = db.$with("partial", { dialogId: dialogs.dialogId }).as(insertPartialMessages(sql`failed`));
  const ended = sql`select run_id, assistant_id from failed where state = 'failed'`;
  const deliveries = db.$with("ended_deliveries", { runId: runs.runId }).as(endedRunDeliveries(ended));
  const statement = db
    .with(dialog, failed, freed, partial, deliveries)
    .select({
      dialogId: failed.dialogId,
      ownerId: failed.ownerId,
      assistantId: failed.assistantId,
      state: failed.state,
      attempt: failed.attempt,
      attemptsLeft: failed.attemptsLeft,
      availableAt: failed.availableAt,
      cancelRequested: sql<boolean>`${failed.cancelRequestedAt} is not null`,
    })
    .from(failed)
    .prepare("fail_run");
  return async (failure) => (await statement.execute({ discard: false, ...failure, ...leaseValues(failure) })).at(0);
}
