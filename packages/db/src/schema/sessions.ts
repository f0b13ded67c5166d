import { sql } from "drizzle-orm";
import { bigint, foreignKey, index, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { users } from "./users.ts";

/**
 * One sign-in on one device. The cookie's JWT names the row in its `sid` claim; a revoked row ends it. `last_seen_at` is
 * exact to some minutes, so that requests do not write, and `user_agent` is the header of the sign-in.
 */
export const sessions = pgTable(
  "sessions",
  {
    sessionId: uuid("session_id").primaryKey().defaultRandom(),
    userId: bigint("user_id", { mode: "number" }).notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
    revokedAt: timestamp("revoked_at", { withTimezone: true }),
    lastSeenAt: timestamp("last_seen_at", { withTimezone: true }).notNull().defaultNow(),
    userAgent: text("user_agent"),
  },
  (t) => [
    foreignKey({ name: "sessions_user_id_fkey", columns: [t.userId], foreignColumns: [users.userId] }).onDelete(
      "cascade",
    ),
    index("sessions_user_id_idx").on(t.userId),
    index("sessions_expires_at_idx").on(t.expiresAt),
    index("sessions_revoked_at_idx")
      .on(t.revokedAt)
      .where(sql`revoked_at is not null`),
  ],
);
