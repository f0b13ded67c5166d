import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, runs, type RunState } from "../schema/index.ts";

export interface SettledRun {
  runId: number;
  dialogId: number;
  state: RunState;
  errorCode: string | null;
}

/**
 * Moves up to `limit` overdue runs on: past the deadline to `expired`; with a lease that ran out back to the queue, or
 * to `failed` when the attempts are spent; with a cancel asked for to `cancelled`, once no worker has the run or the grace
 * is over. What was said before a cancel stays as a partial message. Rows that another statement holds at this moment wait
 * for the next call.
 */
export type SettleRuns = (options: { limit: number; cancelGraceMs: number }) => Promise<SettledRun[]>;

const nextState = sql`
  case
    when cancel_requested_at is not null
      and (state = 'queued' or lease_until <= now() or cancel_requested_at <= grace_began or deadline_at <= now())
      then 'cancelled'
    when deadline_at <= now() then 'expired'
    when attempt >= max_attempts then 'failed'
    else 'queued'
  end`;

const nextError = sql`
  case next_state
    when 'expired' then case attempt when 0 then 'no_worker' else 'deadline' end
    when 'failed' then 'attempts_spent'
  end`;

export function prepareSettleRuns(db: Db): SettleRuns {
  const overdue = db.$with("overdue", { runId: runs.runId }).as(sql`
    select runs.run_id, ${nextState} as next_state
    from runs join dialogs on dialogs.dialog_id = runs.dialog_id,
      lateral (
        select now() - ${sql.placeholder("cancelGraceMs")}::float8 * interval '1 millisecond' as grace_began
      ) as grace
    where state in ('queued', 'running') and deadline_at <= now()
      or state = 'running' and lease_until <= now()
      or cancel_requested_at is not null and ended_at is null and (state = 'queued' or cancel_requested_at <= grace_began)
    limit ${sql.placeholder("limit")}::int
    for update of runs, dialogs skip locked`);
  const settled = db.$with("settled", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    state: runs.state,
    errorCode: runs.errorCode,
  }).as(sql`
    update runs set
      state = next_state, lease_until = null, error_code = ${nextError}, error_message = null,
      ended_at = case next_state when 'queued' then null else clock_timestamp() end,
      answer_id = case when next_state = 'cancelled' and exists (
        select 1 from run_events where run_events.run_id = runs.run_id and run_events.generation = runs.generation
      ) then nextval('messages_message_id_seq') end
    from overdue
    where runs.run_id = overdue.run_id
    returning runs.run_id, dialog_id, state, error_code, generation, answer_id`);
  const freed = db.$with("freed", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = false, last_seq = last_seq + case when answer_id is null then 0 else 1 end
    from settled where dialogs.dialog_id = settled.dialog_id and settled.state <> 'queued'
    returning dialogs.dialog_id, dialogs.last_seq`);
  const said = db.$with("said", { dialogId: dialogs.dialogId }).as(sql`
    insert into messages (message_id, dialog_id, user_id, content, seq, partial)
    select answer_id, settled.dialog_id, ${botUserId}, (
      select string_agg(text, '' order by seq) from run_events
      where run_events.run_id = settled.run_id and run_events.generation = settled.generation
    ), freed.last_seq, true
    from settled join freed on freed.dialog_id = settled.dialog_id
    where answer_id is not null
    returning dialog_id`);
  const statement = db.with(overdue, settled, freed, said).select().from(settled).prepare("settle_runs");
  return (options) => statement.execute(options);
}
