import type { RunState, Usage, WebhookEvent } from "@deepbot/contract";
import { eq, sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { assistants, dialogs, runs, webhookDeliveries, webhooks } from "../schema/index.ts";
import type { LeaseKey } from "./leases.ts";
import { droppedDeliveries } from "./webhooks.ts";

/**
 * What is to be sent of runs that the same statement has ended, for every active webhook of their assistants. The lock keeps a
 * webhook that is being deleted from failing the run.
 *
 * @param ended rows of `run_id` and `assistant_id`
 */
export function endedRunDeliveries(ended: SQL): SQL {
  return sql`
    insert into webhook_deliveries (webhook_id, event, run_id)
    select webhooks.webhook_id, 'run.ended', ended.run_id
    from (${ended}) as ended join webhooks on webhooks.assistant_id = ended.assistant_id
    where webhooks.disabled_at is null and 'run.ended' = any(webhooks.events)
    for key share of webhooks`;
}

/** A run as `run.ended` tells of it. */
export interface EndedRun {
  dialogId: number;
  userId: number;
  assistantId: number;
  /** Slug of its assistant. */
  assistant: string;
  state: RunState;
  attempt: number;
  createdAt: Date;
  endedAt: Date | null;
  errorCode: string | null;
  errorMessage: string | null;
  usage: Usage | null;
  metadata: Record<string, unknown> | null;
}

export interface DueDelivery {
  deliveryId: number;
  webhookId: string;
  event: WebhookEvent;
  runId: number | null;
  /** 1 for the first. */
  attempt: number;
  createdAt: Date;
  url: string;
  /** The newest first. */
  secrets: string[];
  /** Null when it was deleted. */
  run: EndedRun | null;
}

/**
 * Takes up to `max` due deliveries for `holdMs`, the longest due first, and no more to one host than `perHost` together with
 * those that are under way. Those whose server is killed become due again.
 */
export type ClaimDueDeliveries = (claim: {
  max: number;
  holdMs: number;
  perHost: number;
  /** The host, with its port, of each delivery that is under way. */
  busyHosts: string[];
}) => Promise<DueDelivery[]>;

/** How many due deliveries are looked at, so that one host's do not hide those of others. */
const lookAhead = 1_000;

const hostOfWebhook = sql`split_part(webhooks.url, '/', 3)`;

/** How many more may be sent to a host. */
const roomAt = (host: SQL): SQL => sql`
  ${sql.placeholder("perHost")}::int
    - (select count(*) from unnest(${sql.placeholder("busyHosts")}::text[]) as busy where busy = ${host})`;

function claimedDeliveries(db: Db) {
  const taken = db.$with("taken", { deliveryId: webhookDeliveries.deliveryId }).as(sql`
    select delivery_id from webhook_deliveries
    where due_at <= now() and delivery_id = any(array(
      select delivery_id
      from (
        select delivery_id, due_at, host, row_number() over (partition by host order by due_at, delivery_id) as place
        from (
          select delivery_id, due_at, ${hostOfWebhook} as host
          from webhook_deliveries join webhooks on webhooks.webhook_id = webhook_deliveries.webhook_id
          where due_at <= now() and ${roomAt(hostOfWebhook)} > 0
          order by due_at limit ${lookAhead}
        ) as oldest
      ) as placed
      where place <= ${roomAt(sql`host`)}
      order by due_at limit ${sql.placeholder("max")}::int
    ))
    for update skip locked`);
  const claimed = db.$with("claimed", {
    deliveryId: webhookDeliveries.deliveryId,
    webhookId: webhookDeliveries.webhookId,
    event: webhookDeliveries.event,
    runId: webhookDeliveries.runId,
    attempt: webhookDeliveries.attempt,
    createdAt: webhookDeliveries.createdAt,
  }).as(sql`
    update webhook_deliveries set
      attempt = attempt + 1, due_at = now() + ${sql.placeholder("holdMs")}::float8 * interval '1 millisecond'
    from taken where webhook_deliveries.delivery_id = taken.delivery_id
    returning webhook_deliveries.delivery_id, webhook_id, event, run_id, attempt, created_at`);
  return [taken, claimed] as const;
}

export function prepareClaimDueDeliveries(db: Db): ClaimDueDeliveries {
  const [taken, claimed] = claimedDeliveries(db);
  const statement = db
    .with(taken, claimed)
    .select({
      deliveryId: claimed.deliveryId,
      webhookId: claimed.webhookId,
      event: claimed.event,
      runId: claimed.runId,
      attempt: claimed.attempt,
      createdAt: claimed.createdAt,
      url: webhooks.url,
      secrets: webhooks.secrets,
      dialogId: runs.dialogId,
      userId: dialogs.userId,
      assistantId: webhooks.assistantId,
      assistant: assistants.slug,
      state: runs.state,
      runAttempt: runs.attempt,
      runCreatedAt: runs.createdAt,
      endedAt: runs.endedAt,
      errorCode: runs.errorCode,
      errorMessage: runs.errorMessage,
      usage: runs.usage,
      metadata: runs.metadata,
    })
    .from(claimed)
    .innerJoin(webhooks, eq(webhooks.webhookId, claimed.webhookId))
    .innerJoin(assistants, eq(assistants.assistantId, webhooks.assistantId))
    .leftJoin(runs, eq(runs.runId, claimed.runId))
    .leftJoin(dialogs, eq(dialogs.dialogId, runs.dialogId))
    .prepare("claim_due_deliveries");
  return async (claim) => {
    const rows = await statement.execute({ ...claim });
    return rows.map(({ dialogId, userId, assistantId, assistant, state, runAttempt, runCreatedAt, ...row }) => {
      const { endedAt, errorCode, errorMessage, usage, metadata, ...delivery } = row;
      if (dialogId === null || userId === null || state === null || runAttempt === null || runCreatedAt === null) {
        return { ...delivery, run: null };
      }
      const ended = { endedAt, errorCode, errorMessage, usage, metadata };
      const ids = { dialogId, userId, assistantId, assistant };
      const run = { ...ids, state, attempt: runAttempt, createdAt: runCreatedAt, ...ended };
      return { ...delivery, run };
    });
  };
}

/** How an attempt went. `error` is null if it succeeded. */
export interface AttemptResult {
  status: number | null;
  error: string | null;
  durationMs: number;
}

interface FailureLimit {
  /** Failed deliveries in a row that disable a webhook. */
  maxFailures: number;
  /** Whether the receiver said that it is gone, which disables the webhook at once. */
  gone: boolean;
}

/** A webhook that was disabled because its deliveries failed. */
export interface DisabledWebhook {
  webhookId: string;
  assistantId: number;
  reason: string;
}

/**
 * Counts deliveries that are over and failed, and disables the webhook when they are too many. A success begins anew.
 *
 * @param over rows of `webhook_id` and `delivery_id`: the delivery that is over, if it is
 */
function countedFailures(db: Db, over: SQL) {
  const failed = sql`${sql.placeholder("error")}::text is not null`;
  const isGone = sql`${sql.placeholder("gone")}::boolean`;
  const isTooMuch = sql`${failed} and (${isGone} or failures + 1 >= ${sql.placeholder("maxFailures")}::int)`;
  const counted = db.$with("counted", {
    webhookId: webhooks.webhookId,
    assistantId: webhooks.assistantId,
    disabledReason: webhooks.disabledReason,
  }).as(sql`
    update webhooks set
      failures = case when ${failed} then failures + 1 else 0 end,
      disabled_at = case when ${isTooMuch} then now() end,
      disabled_reason = case when ${isTooMuch} then case when ${isGone} then 'gone' else 'failures' end end
    from (${over}) as over
    where webhooks.webhook_id = over.webhook_id and disabled_at is null and (${failed} or failures > 0)
    returning webhooks.webhook_id, assistant_id, disabled_reason, over.delivery_id`);
  const dropped = db
    .$with("dropped", { webhookId: webhooks.webhookId })
    .as(
      droppedDeliveries(
        sql`select webhook_id, delivery_id as finished_id from counted where disabled_reason is not null`,
      ),
    );
  return [counted, dropped] as const;
}

/**
 * Records the attempt that `claimDueDeliveries` took, unless another has begun since. It is over without `retryMs`; else the
 * delivery is due again after that time.
 *
 * @returns the webhook, if this has disabled it
 */
export type FinishDelivery = (
  attempt: {
    deliveryId: number;
    attempt: number;
    retryMs: number | null;
    /** Whether it says something about the receiver. */
    counts: boolean;
  } & AttemptResult &
    FailureLimit,
) => Promise<DisabledWebhook | undefined>;

export function prepareFinishDelivery(db: Db): FinishDelivery {
  const retryMs = sql`${sql.placeholder("retryMs")}::float8`;
  const finished = db.$with("finished", { webhookId: webhookDeliveries.webhookId }).as(sql`
    update webhook_deliveries set
      status = ${sql.placeholder("status")}::int, error = ${sql.placeholder("error")}::text,
      duration_ms = ${sql.placeholder("durationMs")}::int,
      due_at = now() + ${retryMs} * interval '1 millisecond', ended_at = case when ${retryMs} is null then now() end
    where delivery_id = ${sql.placeholder("deliveryId")} and attempt = ${sql.placeholder("attempt")} and due_at is not null
    returning webhook_id, delivery_id, ended_at`);
  const [counted, dropped] = countedFailures(
    db,
    sql`select webhook_id, delivery_id from finished where ended_at is not null and ${sql.placeholder("counts")}::boolean`,
  );
  const statement = db
    .with(finished, counted, dropped)
    .select({ webhookId: counted.webhookId, assistantId: counted.assistantId, reason: counted.disabledReason })
    .from(counted)
    .prepare("finish_delivery");
  return async (attempt) => asDisabled((await statement.execute({ ...attempt })).at(0));
}

/** Records that a run was pushed to a webhook, or could not be. Returns the webhook, if this has disabled it. */
export type RecordPush = (
  push: { webhookId: string; runId: number } & AttemptResult & FailureLimit,
) => Promise<DisabledWebhook | undefined>;

export function prepareRecordPush(db: Db): RecordPush {
  const recorded = db.$with("recorded", { webhookId: webhookDeliveries.webhookId }).as(sql`
    insert into webhook_deliveries (webhook_id, event, run_id, attempt, due_at, ended_at, status, error, duration_ms)
    select webhook_id, 'run.queued', ${sql.placeholder("runId")}::bigint, 1, null, now(), ${sql.placeholder("status")}::int,
      ${sql.placeholder("error")}::text, ${sql.placeholder("durationMs")}::int
    from webhooks where webhook_id = ${sql.placeholder("webhookId")}
    for key share
    returning webhook_id, delivery_id`);
  const [counted, dropped] = countedFailures(db, sql`select webhook_id, delivery_id from recorded`);
  const statement = db
    .with(recorded, counted, dropped)
    .select({ webhookId: counted.webhookId, assistantId: counted.assistantId, reason: counted.disabledReason })
    .from(counted)
    .prepare("record_push");
  return async (push) => asDisabled((await statement.execute({ ...push })).at(0));
}

function asDisabled(
  counted: { webhookId: string; assistantId: number; reason: string | null } | undefined,
): DisabledWebhook | undefined {
  if (counted === undefined || counted.reason === null) return undefined;
  return { ...counted, reason: counted.reason };
}

/** Whether the worker that holds the token has reported on the run: it is at work, or done. */
export type IsRunTaken = (lease: Pick<LeaseKey, "runId" | "leaseToken">) => Promise<boolean>;

export function prepareIsRunTaken(db: Db): IsRunTaken {
  const statement = db
    .select({ runId: runs.runId })
    .from(runs)
    .where(
      sql`run_id = ${sql.placeholder("runId")} and lease_token = ${sql.placeholder("leaseToken")}::uuid
        and (state = 'running' and lease_confirmed or ended_at is not null and state <> 'expired')`,
    )
    .prepare("is_run_taken");
  return async ({ runId, leaseToken }) => (await statement.execute({ runId, leaseToken })).length > 0;
}
