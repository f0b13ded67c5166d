import { bigint, bigserial, index, jsonb, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";

/**
 * What an operator must be able to prove afterwards: sign-ins, refusals, exports, deletions, uses of a key, limits that were
 * reached. A trigger refuses changes, and deletions of rows younger than 30 days. Nothing here names a person but the id,
 * which means nothing once the account is deleted.
 */
export const auditEvents = pgTable(
  "audit_events",
  {
    eventId: bigserial("event_id", { mode: "number" }).primaryKey(),
    at: timestamp("at", { withTimezone: true }).notNull().defaultNow(),
    kind: text("kind").notNull(),
    userId: bigint("user_id", { mode: "number" }),
    sessionId: uuid("session_id"),
    /** First characters of the SHA-256 of a service key. */
    keyId: text("key_id"),
    /** The client's address: IPv4 whole, IPv6 as its /64. */
    address: text("address"),
    facts: jsonb("facts").$type<Readonly<Record<string, unknown>>>().notNull().default({}),
  },
  (t) => [index("audit_events_at_idx").on(t.at), index("audit_events_user_id_idx").on(t.userId, t.at)],
);
