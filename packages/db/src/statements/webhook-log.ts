import { and, desc, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { webhookDeliveries } from "../schema/index.ts";

export type LoggedDelivery = Omit<typeof webhookDeliveries.$inferSelect, "facts" | "webhookId">;

/** Up to `limit` deliveries of a webhook before the one with the id `before`, the newest first. */
export type ListWebhookDeliveries = (wanted: {
  webhookId: string;
  /** Null for the newest. */
  before: number | null;
  limit: number;
}) => Promise<LoggedDelivery[]>;

export function prepareListWebhookDeliveries(db: Db): ListWebhookDeliveries {
  const statement = db
    .select({
      deliveryId: webhookDeliveries.deliveryId,
      event: webhookDeliveries.event,
      runId: webhookDeliveries.runId,
      attempt: webhookDeliveries.attempt,
      dueAt: webhookDeliveries.dueAt,
      status: webhookDeliveries.status,
      error: webhookDeliveries.error,
      durationMs: webhookDeliveries.durationMs,
      createdAt: webhookDeliveries.createdAt,
      endedAt: webhookDeliveries.endedAt,
    })
    .from(webhookDeliveries)
    .where(
      and(
        eq(webhookDeliveries.webhookId, sql.placeholder("webhookId")),
        sql`delivery_id < coalesce(${sql.placeholder("before")}::bigint, 9223372036854775807)`,
      ),
    )
    .orderBy(desc(webhookDeliveries.deliveryId))
    .limit(sql.placeholder("limit"))
    .prepare("list_webhook_deliveries");
  return (wanted) => statement.execute({ ...wanted });
}

/** Gives the oldest due deliveries up where a webhook has more than `keep`. Returns how many, at most `limit`. */
export type DropDueDeliveries = (options: { keep: number; limit: number }) => Promise<number>;

export function prepareDropDueDeliveries(db: Db): DropDueDeliveries {
  const statement = db
    .update(webhookDeliveries)
    .set({ dueAt: null, endedAt: sql`now()`, error: "dropped" })
    .where(
      sql`due_at is not null and delivery_id = any(array(
        select beyond.delivery_id
        from webhooks cross join lateral (
          select due.delivery_id from webhook_deliveries as due
          where due.webhook_id = webhooks.webhook_id and due.due_at is not null
          order by due.delivery_id desc offset ${sql.placeholder("keep")}::int limit ${sql.placeholder("limit")}::int
        ) as beyond
        limit ${sql.placeholder("limit")}::int
      ))`,
    )
    .returning({ deliveryId: webhookDeliveries.deliveryId })
    .prepare("drop_due_deliveries");
  return async (options) => (await statement.execute({ ...options })).length;
}

/**
 * Deletes up to `limit` deliveries that were over more than `keepDays` ago, or have `keep` newer ones of their webhook that are
 * over too. Returns how many there were.
 */
export type PruneWebhookDeliveries = (options: { keepDays: number; keep: number; limit: number }) => Promise<number>;

export function preparePruneWebhookDeliveries(db: Db): PruneWebhookDeliveries {
  const limit = sql`${sql.placeholder("limit")}::int`;
  const statement = db
    .delete(webhookDeliveries)
    .where(
      sql`delivery_id = any(array(
        (
          select delivery_id from webhook_deliveries
          where ended_at < now() - ${sql.placeholder("keepDays")}::int * interval '1 day'
          limit ${limit}
        )
        union
        (
          select beyond.delivery_id
          from webhooks cross join lateral (
            select ended.delivery_id from webhook_deliveries as ended
            where ended.webhook_id = webhooks.webhook_id and ended.ended_at is not null
            order by ended.delivery_id desc offset ${sql.placeholder("keep")}::int limit ${limit}
          ) as beyond
          limit ${limit}
        )
        limit ${limit}
      ))`,
    )
    .returning({ deliveryId: webhookDeliveries.deliveryId })
    .prepare("prune_webhook_deliveries");
  return async (options) => (await statement.execute({ ...options })).length;
}
