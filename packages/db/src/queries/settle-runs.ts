import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, runs, type RunState } from "../schema/index.ts";

export interface SettledRun {
  runId: number;
  dialogId: number;
  state: RunState;
  errorCode: string | null;
}

/**
 * Moves up to `limit` overdue runs on: past the deadline to `expired`; with a lease that ran out back to the queue, or
 * to `failed` when the attempts are spent. Rows that another statement holds at this moment wait for the next call.
 */
export type SettleRuns = (limit: number) => Promise<SettledRun[]>;

export function prepareSettleRuns(db: Db): SettleRuns {
  const overdue = db.$with("overdue", { runId: runs.runId }).as(sql`
    select runs.run_id,
      case
        when deadline_at <= now() then 'expired'
        when attempt >= max_attempts then 'failed'
        else 'queued'
      end as next_state,
      case
        when deadline_at <= now() then case attempt when 0 then 'no_worker' else 'deadline' end
        when attempt >= max_attempts then 'attempts_spent'
      end as next_error
    from runs join dialogs on dialogs.dialog_id = runs.dialog_id
    where state in ('queued', 'running') and deadline_at <= now() or state = 'running' and lease_until <= now()
    limit ${sql.placeholder("limit")}::int
    for update skip locked`);
  const settled = db.$with("settled", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    state: runs.state,
    errorCode: runs.errorCode,
  }).as(sql`
    update runs set
      state = next_state, lease_until = null, error_code = next_error, error_message = null,
      ended_at = case next_state when 'queued' then null else clock_timestamp() end
    from overdue
    where runs.run_id = overdue.run_id
    returning runs.run_id, dialog_id, state, error_code`);
  const freed = db.$with("freed", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = false
    from settled where dialogs.dialog_id = settled.dialog_id and settled.state <> 'queued'
    returning dialogs.dialog_id`);
  const statement = db.with(overdue, settled, freed).select().from(settled).prepare("settle_runs");
  return (limit) => statement.execute({ limit });
}
