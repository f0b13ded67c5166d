import type { RunState } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, isOpenRun, runs, userStartTags } from "../schema/index.ts";
import { freeDialogs, hasStreamed, insertPartialMessages } from "./streamed-text.ts";
import { endedRunDeliveries } from "./webhook-deliveries.ts";

export interface ReapedRun {
  runId: number;
  dialogId: number;
  /** The owner of the dialog. */
  ownerId: number;
  assistantId: number;
  /** The state before. */
  from: RunState;
  state: RunState;
  errorCode: string | null;
  /** Whether its worker had confirmed the claim, where that was asked for. */
  leaseConfirmed: boolean;
}

/**
 * Moves up to `limit` overdue runs on: to `expired` after the deadline; back to the queue when the lease has run out, or
 * to `failed` when no attempt is left, of which an unconfirmed claim costs none; to `cancelled` when the user asked for it and either no worker has the run or the
 * grace period is over. The streamed text of a cancelled run is stored as a partial message. Rows that another statement
 * has locked wait for the next call.
 */
export type ReapRuns = (options: { limit: number; cancelGraceMs: number }) => Promise<ReapedRun[]>;

const nextState = sql`
  case
    when cancel_requested_at is not null
      and (state = 'queued' or lease_until <= now() or cancel_requested_at <= grace_began or deadline_at <= now())
      then 'cancelled'
    when deadline_at <= now() then 'expired'
    when not lease_confirmed then 'queued'
    when attempt >= max_attempts then 'failed'
    else 'queued'
  end`;

const nextError = sql`
  case next_state
    when 'expired' then case attempt when 0 then 'no_worker' else 'deadline' end
    when 'failed' then 'attempts_spent'
  end`;

/** Takes back the start tags of runs that ended before any worker had them. A person's row that is in use is left alone. */
function refundedStartTags(db: Db) {
  const refunds = db.$with("refunds", { userId: userStartTags.userId }).as(sql`
    select user_start_tags.user_id, unclaimed.runs
    from user_start_tags join (
      select user_id, count(*) as runs from overdue where epoch = 0 and next_state <> 'queued' group by user_id
    ) as unclaimed on unclaimed.user_id = user_start_tags.user_id
    for no key update of user_start_tags skip locked`);
  const refunded = db.$with("refunded", { userId: userStartTags.userId }).as(sql`
    update user_start_tags set start_tag = start_tag - runs from refunds where user_start_tags.user_id = refunds.user_id`);
  return [refunds, refunded] as const;
}

/** Overdue runs, with the state before and after. Locks their rows and those of their dialogs. */
function overdueRuns(db: Db) {
  return db.$with("overdue", { runId: runs.runId }).as(sql`
    select runs.run_id, dialogs.user_id, epoch, lease_confirmed, state as state_before, ${nextState} as next_state
    from runs join dialogs on dialogs.dialog_id = runs.dialog_id,
      lateral (
        select now() - ${sql.placeholder("cancelGraceMs")}::float8 * interval '1 millisecond' as grace_began
      ) as grace
    where ${isOpenRun} and deadline_at <= now()
      or state = 'running' and lease_until <= now()
      or cancel_requested_at is not null and ended_at is null and (state = 'queued' or cancel_requested_at <= grace_began)
    limit ${sql.placeholder("limit")}::int
    for update of runs, dialogs skip locked`);
}

export function prepareReapRuns(db: Db): ReapRuns {
  const overdue = overdueRuns(db);
  const reaped = db.$with("reaped", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    ownerId: dialogs.userId,
    assistantId: runs.assistantId,
    from: sql<RunState>`state_before`.as("state_before"),
    state: runs.state,
    errorCode: runs.errorCode,
    leaseConfirmed: runs.leaseConfirmed,
  }).as(sql`
    update runs set
      state = next_state, attempt = attempt - (next_state = 'queued' and not overdue.lease_confirmed)::int, lease_until = null, error_code = ${nextError}, error_message = null,
      ended_at = case next_state when 'queued' then null else clock_timestamp() end,
      answer_id = case when next_state = 'cancelled' and ${hasStreamed} then nextval('messages_message_id_seq') end
    from overdue
    where runs.run_id = overdue.run_id
    returning runs.run_id, dialog_id, user_id, assistant_id, state_before, state, error_code, overdue.lease_confirmed,
      runs.epoch, answer_id`);
  const freed = db.$with("freed", { dialogId: dialogs.dialogId }).as(freeDialogs(sql`reaped`));
  const partial = db.$with("partial", { dialogId: dialogs.dialogId }).as(insertPartialMessages(sql`reaped`));
  const ended = sql`select run_id, assistant_id from reaped where state <> 'queued'`;
  const deliveries = db.$with("ended_deliveries", { runId: runs.runId }).as(endedRunDeliveries(ended));
  const statement = db
    .with(overdue, reaped, freed, partial, deliveries, ...refundedStartTags(db))
    .select()
    .from(reaped)
    .prepare("reap_runs");
  return (options) => statement.execute(options);
}
