import { sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages, runs, type Usage } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";

export interface StoredAnswer {
  runId: number;
  dialogId: number;
  answerId: number;
}

/**
 * One statement: the run gets its answer, the answer becomes the dialog's newest message, the flag is cleared.
 * `dialog` must lock the dialog's row, which every statement that ends a run does first; `target` picks the run.
 * An end state is healed only while its question is still the newest message of an idle dialog.
 */
function answerStatement(db: Db, name: string, { dialog, target }: { dialog: SQL; target: SQL }) {
  const locked = db.$with("dialog", { dialogId: dialogs.dialogId }).as(dialog);
  const done = db.$with("done", { runId: runs.runId, dialogId: runs.dialogId, answerId: runs.answerId }).as(sql`
    update runs set
      state = 'completed', answer_id = nextval('messages_message_id_seq'), lease_until = null,
      ended_at = clock_timestamp(), error_code = null, error_message = null,
      usage = ${sql.placeholder("usage")}::jsonb
    from dialog
    where runs.dialog_id = dialog.dialog_id and ${target}
    returning run_id, runs.dialog_id, answer_id`);
  const freed = db.$with("freed", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = false, last_seq = dialogs.last_seq + 1
    from done where dialogs.dialog_id = done.dialog_id
    returning dialogs.dialog_id, dialogs.last_seq`);
  const answer = db.$with("answer", { answerId: messages.messageId }).as(sql`
    insert into messages (message_id, dialog_id, user_id, content, seq)
    select done.answer_id, done.dialog_id, ${botUserId}, ${sql.placeholder("text")}, freed.last_seq
    from done join freed on freed.dialog_id = done.dialog_id
    returning message_id`);
  return db
    .with(locked, done, freed, answer)
    .select({ runId: done.runId, dialogId: done.dialogId, answerId: answer.answerId })
    .from(done)
    .innerJoin(answer, sql`true`)
    .prepare(name);
}

const lockedColumns = sql`dialogs.dialog_id, dialogs.status_flag, dialogs.last_seq`;

const healable = sql`
  state in ('expired', 'failed') and not dialog.status_flag
  and dialog.last_seq = (select seq from messages where message_id = runs.question_id)`;

/**
 * Completes a run under the lease that its worker holds. A run that expired or failed since takes the late answer of
 * its last worker too. Returns undefined when the lease is not (or no longer) good for it.
 */
export type CompleteRun = (answer: {
  runId: number;
  leaseToken: string;
  text: string;
  usage: Usage | null;
}) => Promise<StoredAnswer | undefined>;

export function prepareCompleteRun(db: Db): CompleteRun {
  const statement = answerStatement(db, "complete_run", {
    dialog: sql`
      select ${lockedColumns} from dialogs
      where dialog_id = (select dialog_id from runs where run_id = ${sql.placeholder("runId")})
      for update`,
    target: sql`
      run_id = ${sql.placeholder("runId")} and lease_token = ${sql.placeholder("leaseToken")}::uuid
      and (state = 'running' and lease_until > clock_timestamp() or ${healable})`,
  });
  return async ({ usage, ...answer }) =>
    (await statement.execute({ ...answer, usage: usage === null ? null : JSON.stringify(usage) })).at(0);
}

/**
 * Completes the open run of a user's dialog, whoever holds its lease, or heals the dialog's last run if that ended
 * without an answer. Returns undefined when there is neither.
 */
export type AnswerDialog = (answer: DialogKey & { text: string }) => Promise<StoredAnswer | undefined>;

export function prepareAnswerDialog(db: Db): AnswerDialog {
  const statement = answerStatement(db, "answer_dialog", {
    dialog: sql`
      select ${lockedColumns} from dialogs
      where dialog_id = ${sql.placeholder("dialogId")} and user_id = ${sql.placeholder("userId")}
      for update`,
    target: sql`
      run_id = (select max(run_id) from runs where dialog_id = ${sql.placeholder("dialogId")})
      and (state in ('queued', 'running') or ${healable})`,
  });
  return async (answer) => (await statement.execute({ ...answer, usage: null })).at(0);
}
