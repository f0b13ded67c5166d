import { sql, type SQL } from "drizzle-orm";
import { botUserId } from "../schema/index.ts";

/** True of the row of `runs` whose present claim has streamed something. */
export const hasStreamed = sql`exists (
  select 1 from run_deltas where run_deltas.run_id = runs.run_id and run_deltas.epoch = runs.epoch
)`;

/** All that a claim has streamed; null if that is nothing. @param claim step with `run_id` and `epoch` */
export const streamedText = (claim: SQL): SQL => sql`(
  select string_agg(run_deltas.text, '' order by run_deltas.seq) from run_deltas
  where run_deltas.run_id = ${claim}.run_id and run_deltas.epoch = ${claim}.epoch
)`;

/** Clears the flags of the dialogs whose runs the step `ended` has ended. */
export const freeDialogs = (ended: SQL): SQL => sql`
  update dialogs set status_flag = false, last_seq = last_seq + (answer_id is not null)::int
  from ${ended} where dialogs.dialog_id = ${ended}.dialog_id and ${ended}.state <> 'queued'
  returning dialogs.dialog_id, dialogs.last_seq`;

/** Where the step `ended` gave an `answer_id`, stores what was streamed under it. `freed` is the step of {@link freeDialogs}. */
export const insertPartialMessages = (ended: SQL): SQL => sql`
  insert into messages (message_id, dialog_id, user_id, content, seq, partial)
  select answer_id, ${ended}.dialog_id, ${botUserId}, ${streamedText(ended)}, freed.last_seq, true
  from ${ended} join freed on freed.dialog_id = ${ended}.dialog_id
  where answer_id is not null
  returning dialog_id`;
