import { webhookEvents } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true });

/**
 * Where an assistant's events are sent. `secrets` sign each delivery, the newest first: while there are two, both signatures
 * are sent. `failures` counts failed deliveries in a row; too many disable the webhook.
 */
export const webhooks = pgTable(
  "webhooks",
  {
    webhookId: uuid("webhook_id").primaryKey().defaultRandom(),
    assistantId: bigint("assistant_id", { mode: "number" }).notNull(),
    url: text("url").notNull(),
    events: text("events").array().$type<(typeof webhookEvents)[number][]>().notNull(),
    secrets: text("secrets").array().notNull(),
    failures: integer("failures").notNull().default(0),
    createdAt: moment("created_at").notNull().defaultNow(),
    disabledAt: moment("disabled_at"),
    disabledReason: text("disabled_reason"),
  },
  (t) => [
    index("webhooks_assistant_id_idx").on(t.assistantId),
    check(
      "webhooks_events_check",
      sql`events <@ array[${sql.join(
        webhookEvents.map((event) => sql`${event}`),
        sql`, `,
      )}]::text[]`.inlineParams(),
    ),
    check("webhooks_secrets_check", sql`cardinality(secrets) between 1 and 2`),
  ],
);

/** Deliveries that are due, and a log of those that are over. The body is made when it is sent. */
export const webhookDeliveries = pgTable(
  "webhook_deliveries",
  {
    deliveryId: bigserial("delivery_id", { mode: "number" }).primaryKey(),
    webhookId: uuid("webhook_id").notNull(),
    event: text("event", { enum: webhookEvents }).notNull(),
    runId: bigint("run_id", { mode: "number" }),
    /** What the body is made from, where the run does not tell it. */
    facts: jsonb("facts").$type<Record<string, unknown>>().notNull().default({}),
    attempt: integer("attempt").notNull().default(0),
    /** When it is to be sent; null once it is over. */
    dueAt: moment("due_at").defaultNow(),
    /** HTTP status of the last response; null if there was none. */
    status: integer("status"),
    /** What went wrong with the last attempt, in a word; null if nothing did. */
    error: text("error"),
    durationMs: integer("duration_ms"),
    createdAt: moment("created_at").notNull().defaultNow(),
    endedAt: moment("ended_at"),
  },
  (t) => [
    foreignKey({
      name: "webhook_deliveries_webhook_id_fkey",
      columns: [t.webhookId],
      foreignColumns: [webhooks.webhookId],
    }).onDelete("cascade"),
    index("webhook_deliveries_due_idx")
      .on(t.dueAt)
      .where(sql`due_at is not null`),
    index("webhook_deliveries_webhook_id_idx").on(t.webhookId, t.deliveryId),
    index("webhook_deliveries_ended_at_idx")
      .on(t.endedAt)
      .where(sql`ended_at is not null`),
    check("webhook_deliveries_ended_check", sql`(due_at is null) = (ended_at is not null)`),
  ],
);
