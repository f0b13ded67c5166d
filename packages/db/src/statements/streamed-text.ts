import { sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs } from "../schema/index.ts";

/** True of the row of `runs` whose present claim has streamed something. */
export const hasStreamed = sql`exists (
  select 1 from run_deltas where run_deltas.run_id = runs.run_id and run_deltas.epoch = runs.epoch
)`;

/** All that a claim has streamed; null if that is nothing. @param claim step with `run_id` and `epoch` */
export const streamedText = (claim: SQL): SQL => sql`(
  select string_agg(run_deltas.text, '' order by run_deltas.seq) from run_deltas
  where run_deltas.run_id = ${claim}.run_id and run_deltas.epoch = ${claim}.epoch
)`;

/**
 * The steps that end the runs of `ended` for their dialogs: the flag is cleared, and where `answer_id` was given, what was
 * streamed becomes a partial message under that id.
 */
export function freedDialogs(db: Db, ended: SQL) {
  const freed = db.$with("freed", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = false, last_seq = last_seq + (answer_id is not null)::int
    from ${ended} where dialogs.dialog_id = ${ended}.dialog_id and ${ended}.state <> 'queued'
    returning dialogs.dialog_id, dialogs.last_seq`);
  const partial = db.$with("partial", { dialogId: dialogs.dialogId }).as(sql`
    insert into messages (message_id, dialog_id, user_id, content, seq, partial)
    select answer_id, ${ended}.dialog_id, ${botUserId}, ${streamedText(ended)}, freed.last_seq, true
    from ${ended} join freed on freed.dialog_id = ${ended}.dialog_id
    where answer_id is not null
    returning dialog_id`);
  return [freed, partial] as const;
}
