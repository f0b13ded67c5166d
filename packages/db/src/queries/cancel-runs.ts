import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { runs } from "../schema/index.ts";

/**
 * Notes that the user wants no answer any more. Settling ends the run: at once while it is queued, else when its worker
 * lets go or the grace is over. Returns undefined when the user has no such open run.
 */
export type RequestCancel = (key: { runId: number; userId: number }) => Promise<{ dialogId: number } | undefined>;

export function prepareRequestCancel(db: Db): RequestCancel {
  const requested = db.$with("requested", { dialogId: runs.dialogId }).as(sql`
    update runs set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
    from dialogs
    where runs.run_id = ${sql.placeholder("runId")} and dialogs.dialog_id = runs.dialog_id
      and dialogs.user_id = ${sql.placeholder("userId")} and runs.ended_at is null
    returning runs.dialog_id`);
  const statement = db.with(requested).select().from(requested).prepare("request_cancel");
  return async (key) => (await statement.execute({ ...key })).at(0);
}

/**
 * Queues the question of an ended run again. Returns the new run's id, or undefined unless the run is its dialog's last,
 * ended without an answer, and nothing was asked since.
 */
export type InsertRetry = (retry: {
  runId: number;
  userId: number;
  deadlineMs: number;
  maxAttempts: number;
}) => Promise<{ runId: number; dialogId: number } | undefined>;

export function prepareInsertRetry(db: Db): InsertRetry {
  const dialog = db.$with("dialog", { dialogId: runs.dialogId }).as(sql`
    update dialogs set status_flag = true
    where dialog_id = (select dialog_id from runs where run_id = ${sql.placeholder("runId")})
      and user_id = ${sql.placeholder("userId")} and not status_flag
      and ${sql.placeholder("runId")}::bigint = (select max(run_id) from runs where runs.dialog_id = dialogs.dialog_id)
      and exists (
        select 1 from runs
        where run_id = ${sql.placeholder("runId")} and state in ('failed', 'expired', 'cancelled')
          and not exists (
            select 1 from messages
            where messages.dialog_id = dialogs.dialog_id and message_id > question_id and messages.user_id = dialogs.user_id
          )
      )
    returning dialog_id`);
  const run = db.$with("run", { runId: runs.runId, dialogId: runs.dialogId }).as(sql`
    insert into runs (dialog_id, question_id, max_attempts, deadline_at)
    select runs.dialog_id, question_id, ${sql.placeholder("maxAttempts")}::int,
      clock_timestamp() + ${sql.placeholder("deadlineMs")}::float8 * interval '1 millisecond'
    from runs join dialog on dialog.dialog_id = runs.dialog_id
    where run_id = ${sql.placeholder("runId")}
    returning run_id, dialog_id`);
  const statement = db.with(dialog, run).select().from(run).prepare("insert_retry");
  return async (retry) => (await statement.execute({ ...retry })).at(0);
}
