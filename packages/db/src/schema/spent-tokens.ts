import { index, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** SHA-256 of ID tokens that have signed somebody in, and of their nonces, in hexadecimal. They are kept until they expire. */
export const spentTokens = pgTable(
  "spent_tokens",
  {
    hash: text("hash").primaryKey(),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
  },
  (t) => [index("spent_tokens_expires_at_idx").on(t.expiresAt)],
);
