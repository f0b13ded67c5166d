import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, runs } from "../schema/index.ts";

/**
 * Queues the question of an ended run again, as a new run. Undefined unless the run is the last of its dialog, has no
 * complete answer, and no message of the user came after its question.
 */
export type InsertRetry = (retry: {
  runId: number;
  userId: number;
  deadlineMs: number;
  maxAttempts: number;
}) => Promise<{ runId: number; dialogId: number } | undefined>;

export function prepareInsertRetry(db: Db): InsertRetry {
  // Locked before anything is decided: what a statement reads elsewhere is as old as its beginning, a locked row is not.
  const dialog = db.$with("dialog", { dialogId: dialogs.dialogId }).as(sql`
    select dialog_id, user_id, last_seq from dialogs
    where dialog_id = (select dialog_id from runs where run_id = ${sql.placeholder("runId")})
      and user_id = ${sql.placeholder("userId")} and not status_flag
    for update`);
  // No message came since the statement began if its last number is still the dialog's.
  const asked = db.$with("asked", { dialogId: runs.dialogId }).as(sql`
    select runs.dialog_id, question_id from runs join dialog on dialog.dialog_id = runs.dialog_id
    where run_id = ${sql.placeholder("runId")} and state in ('failed', 'expired', 'cancelled')
      and run_id = (select max(later.run_id) from runs as later where later.dialog_id = dialog.dialog_id)
      and last_seq = (select max(seq) from messages where messages.dialog_id = dialog.dialog_id)
      and not exists (
        select 1 from messages
        where messages.dialog_id = dialog.dialog_id and message_id > question_id and messages.user_id = dialog.user_id
      )
    for update of runs`);
  const flagged = db.$with("flagged", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = true from asked where dialogs.dialog_id = asked.dialog_id
    returning dialogs.dialog_id`);
  const run = db.$with("run", { runId: runs.runId, dialogId: runs.dialogId }).as(sql`
    insert into runs (dialog_id, question_id, max_attempts, deadline_at)
    select asked.dialog_id, question_id, ${sql.placeholder("maxAttempts")}::int,
      clock_timestamp() + ${sql.placeholder("deadlineMs")}::float8 * interval '1 millisecond'
    from asked join flagged on flagged.dialog_id = asked.dialog_id
    returning run_id, dialog_id`);
  const statement = db.with(dialog, asked, flagged, run).select().from(run).prepare("insert_retry");
  return async (retry) => (await statement.execute({ ...retry })).at(0);
}
