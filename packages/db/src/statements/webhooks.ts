import type { WebhookEvent } from "@deepbot/contract";
import { and, asc, count, eq, isNull, sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { assistants, webhooks } from "../schema/index.ts";

export interface WebhookRow {
  webhookId: string;
  /** Slug of its assistant. */
  assistant: string;
  url: string;
  events: WebhookEvent[];
  secretCount: number;
  failures: number;
  createdAt: Date;
  disabledAt: Date | null;
  disabledReason: string | null;
}

// Spelled out, because Drizzle omits the table of columns when it selects from one table.
const webhookColumns = {
  webhookId: webhooks.webhookId,
  assistant: sql<string>`(select slug from assistants where assistants.assistant_id = webhooks.assistant_id)`,
  url: webhooks.url,
  events: webhooks.events,
  secretCount: sql<number>`cardinality(webhooks.secrets)`.mapWith(Number),
  failures: webhooks.failures,
  createdAt: webhooks.createdAt,
  disabledAt: webhooks.disabledAt,
  disabledReason: webhooks.disabledReason,
};

/** The webhooks of an assistant, the oldest first; undefined when there is no such assistant. */
export type ListWebhooks = (slug: string) => Promise<WebhookRow[] | undefined>;

export function prepareListWebhooks(db: Db): ListWebhooks {
  const statement = db
    .select({ ...webhookColumns, webhookId: sql<string | null>`webhooks.webhook_id` })
    .from(assistants)
    .leftJoin(webhooks, eq(webhooks.assistantId, assistants.assistantId))
    .where(eq(assistants.slug, sql.placeholder("slug")))
    .orderBy(asc(webhooks.createdAt), asc(webhooks.webhookId))
    .prepare("list_webhooks");
  return async (slug) => {
    const rows = await statement.execute({ slug });
    return rows.length === 0 ? undefined : rows.filter((row): row is WebhookRow => row.webhookId !== null);
  };
}

export type InsertedWebhook =
  | { kind: "inserted"; webhook: WebhookRow }
  | { kind: "no_assistant" }
  | { kind: "limit_reached" };

/** Makes a webhook, unless its assistant has `limit` of them. */
export type InsertWebhook = (webhook: {
  slug: string;
  url: string;
  events: WebhookEvent[];
  secret: string;
  limit: number;
}) => Promise<InsertedWebhook>;

/** Counts and inserts while it holds a lock on the assistant's row, as `insertDialog` does. */
export function prepareInsertWebhook(db: Db): InsertWebhook {
  return ({ slug, limit, url, events, secret }) =>
    db.transaction(async (tx) => {
      const [assistant] = await tx
        .select({ assistantId: assistants.assistantId })
        .from(assistants)
        .where(and(eq(assistants.slug, slug), isNull(assistants.disabledAt)))
        .for("no key update")
        .prepare("lock_assistant")
        .execute();
      if (assistant === undefined) return { kind: "no_assistant" };
      const [existing] = await tx
        .select({ total: count() })
        .from(webhooks)
        .where(eq(webhooks.assistantId, assistant.assistantId))
        .prepare("count_webhooks")
        .execute();
      if ((existing?.total ?? 0) >= limit) return { kind: "limit_reached" };
      const [webhook] = await tx
        .insert(webhooks)
        .values({ ...assistant, url, events, secrets: [secret] })
        .returning(webhookColumns)
        .prepare("insert_webhook")
        .execute();
      if (webhook === undefined) throw new Error("A webhook was inserted, but did not come back.");
      return { kind: "inserted", webhook };
    });
}

/** Changes what is not null. Undefined when there is no such webhook. */
export type UpdateWebhook = (changes: {
  webhookId: string;
  url: string | null;
  events: WebhookEvent[] | null;
  enabled: boolean | null;
  /** Drops the older of two secrets. */
  endPreviousSecret: boolean;
}) => Promise<WebhookRow | undefined>;

/**
 * Ends what is still due of webhooks that are disabled by the same statement.
 *
 * @param disabled rows of `webhook_id` and `finished_id`: a delivery that the statement changes already
 */
export function droppedDeliveries(disabled: SQL): SQL {
  return sql`
    update webhook_deliveries set due_at = null, ended_at = now(), error = 'disabled'
    from (${disabled}) as disabled
    where webhook_deliveries.webhook_id = disabled.webhook_id and due_at is not null
      and delivery_id <> disabled.finished_id`;
}

const enabled = sql`${sql.placeholder("enabled")}::boolean`;

export function prepareUpdateWebhook(db: Db): UpdateWebhook {
  const disabled = sql`
    select webhook_id, 0 as finished_id from webhooks
    where webhook_id = ${sql.placeholder("webhookId")} and not coalesce(${enabled}, true)`;
  const dropped = db.$with("dropped", { webhookId: webhooks.webhookId }).as(droppedDeliveries(disabled));
  const statement = db
    .with(dropped)
    .update(webhooks)
    .set({
      url: sql`coalesce(${sql.placeholder("url")}::text, webhooks.url)`,
      events: sql`coalesce(${sql.placeholder("events")}::text[], webhooks.events)`,
      secrets: sql`case when ${sql.placeholder("endPreviousSecret")}::boolean then webhooks.secrets[1:1] else webhooks.secrets end`,
      failures: sql`case when ${enabled} then 0 else webhooks.failures end`,
      disabledAt: sql`case ${enabled} when true then null when false then coalesce(webhooks.disabled_at, now()) else webhooks.disabled_at end`,
      disabledReason: sql`case ${enabled} when true then null when false then coalesce(webhooks.disabled_reason, 'operator') else webhooks.disabled_reason end`,
    })
    .where(eq(webhooks.webhookId, sql.placeholder("webhookId")))
    .returning(webhookColumns)
    .prepare("update_webhook");
  return async (changes) => (await statement.execute({ ...changes })).at(0);
}

/** Puts a secret before the one that signs now, which stays beside it. Undefined when there is no such webhook. */
export type RotateWebhookSecret = (rotation: { webhookId: string; secret: string }) => Promise<WebhookRow | undefined>;

export function prepareRotateWebhookSecret(db: Db): RotateWebhookSecret {
  const statement = db
    .update(webhooks)
    .set({ secrets: sql`array_prepend(${sql.placeholder("secret")}::text, webhooks.secrets[1:1])` })
    .where(eq(webhooks.webhookId, sql.placeholder("webhookId")))
    .returning(webhookColumns)
    .prepare("rotate_webhook_secret");
  return async (rotation) => (await statement.execute({ ...rotation })).at(0);
}

/** Deletes a webhook with its deliveries. Returns whether there was one. */
export type DeleteWebhook = (webhookId: string) => Promise<boolean>;

export function prepareDeleteWebhook(db: Db): DeleteWebhook {
  const statement = db
    .delete(webhooks)
    .where(eq(webhooks.webhookId, sql.placeholder("webhookId")))
    .returning({ webhookId: webhooks.webhookId })
    .prepare("delete_webhook");
  return async (webhookId) => (await statement.execute({ webhookId })).length > 0;
}

export interface WebhookTarget {
  webhookId: string;
  assistantId: number;
  url: string;
  /** The newest first. */
  secrets: string[];
  isActive: boolean;
}

/** Where a webhook's deliveries go, and what signs them. */
export type FindWebhookTarget = (webhookId: string) => Promise<WebhookTarget | undefined>;

export function prepareFindWebhookTarget(db: Db): FindWebhookTarget {
  const statement = db
    .select({
      webhookId: webhooks.webhookId,
      assistantId: webhooks.assistantId,
      url: webhooks.url,
      secrets: webhooks.secrets,
      isActive: sql<boolean>`${webhooks.disabledAt} is null`,
    })
    .from(webhooks)
    .where(eq(webhooks.webhookId, sql.placeholder("webhookId")))
    .prepare("find_webhook_target");
  return async (webhookId) => (await statement.execute({ webhookId })).at(0);
}

export interface ActiveWebhook {
  webhookId: string;
  assistantId: number;
  url: string;
  events: WebhookEvent[];
}

/** Every webhook that is not disabled. */
export type ListActiveWebhooks = () => Promise<ActiveWebhook[]>;

export function prepareListActiveWebhooks(db: Db): ListActiveWebhooks {
  const statement = db
    .select({
      webhookId: webhooks.webhookId,
      assistantId: webhooks.assistantId,
      url: webhooks.url,
      events: webhooks.events,
    })
    .from(webhooks)
    .where(isNull(webhooks.disabledAt))
    .orderBy(asc(webhooks.webhookId))
    .prepare("list_active_webhooks");
  return () => statement.execute();
}
