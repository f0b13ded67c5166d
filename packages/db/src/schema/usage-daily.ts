import { bigint, date, foreignKey, index, integer, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { users } from "./users.ts";

const counter = (name: string) => bigint(name, { mode: "number" }).notNull().default(0);

/** Questions of a person to one assistant on one day (UTC), counted where the assistant has a limit of its own. */
export const assistantUsageDaily = pgTable(
  "assistant_usage_daily",
  {
    userId: bigint("user_id", { mode: "number" }).notNull(),
    assistantId: bigint("assistant_id", { mode: "number" }).notNull(),
    day: date("day").notNull(),
    questions: integer("questions").notNull().default(0),
  },
  (t) => [
    primaryKey({ name: "assistant_usage_daily_pkey", columns: [t.userId, t.assistantId, t.day] }),
    index("assistant_usage_daily_day_idx").on(t.day),
    foreignKey({
      name: "assistant_usage_daily_user_id_fkey",
      columns: [t.userId],
      foreignColumns: [users.userId],
    }).onDelete("cascade"),
  ],
);

/**
 * What a person has used on one day (UTC). Questions and their bytes are reserved by the statement that stores the question
 * and are never given back; tokens are added when a worker reports them.
 */
export const usageDaily = pgTable(
  "usage_daily",
  {
    userId: bigint("user_id", { mode: "number" }).notNull(),
    day: date("day").notNull(),
    questions: integer("questions").notNull().default(0),
    questionBytes: counter("question_bytes"),
    inputTokens: counter("input_tokens"),
    outputTokens: counter("output_tokens"),
  },
  (t) => [
    primaryKey({ name: "usage_daily_pkey", columns: [t.userId, t.day] }),
    index("usage_daily_day_idx").on(t.day),
    foreignKey({ name: "usage_daily_user_id_fkey", columns: [t.userId], foreignColumns: [users.userId] }).onDelete(
      "cascade",
    ),
  ],
);
