import { sql } from "drizzle-orm";
import { bigint, boolean, check, integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/** Stands for the key of the environment wherever the id of a service key is stored. */
export const environmentKeyId = "environment";

/** Stands there for the platform itself, which claims runs for webhooks. */
export const webhookKeyId = "webhook";

/**
 * Workers that claim or report, by the key and the name that they give. Servers write what they see every few seconds, not
 * with each request. A worker without `assistant_ids` serves all assistants. The row of one that left in order is deleted;
 * that of one that vanished grows old.
 */
export const workers = pgTable(
  "workers",
  {
    keyId: text("key_id").notNull(),
    name: text("name").notNull(),
    assistantIds: bigint("assistant_ids", { mode: "number" }).array(),
    capacity: integer("capacity"),
    fallback: boolean("fallback").notNull().default(false),
    seenAt: timestamp("seen_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: "workers_pkey", columns: [t.keyId, t.name] }),
    check("workers_capacity_check", sql`capacity > 0`),
  ],
);
