import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  timestamp,
  varchar,
} from "drizzle-orm/pg-core";
import { users } from "./users.ts";

/**
 * A conversation of one user. `status_flag` is true exactly while the dialog has an open run, and `last_seq` is the
 * `seq` of its newest message: the statement that changes a run or stores a message changes them too.
 */
export const dialogs = pgTable(
  "dialogs",
  {
    dialogId: bigserial("dialog_id", { mode: "number" }).primaryKey(),
    userId: bigint("user_id", { mode: "number" }).notNull(),
    dialogName: varchar("dialog_name", { length: 20 }).notNull(),
    statusFlag: boolean("status_flag").notNull().default(false),
    lastSeq: integer("last_seq").notNull().default(0),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    assistantId: bigint("assistant_id", { mode: "number" }).notNull().default(1),
  },
  (t) => [
    foreignKey({ name: "dialogs_user_id_fkey", columns: [t.userId], foreignColumns: [users.userId] }).onDelete(
      "cascade",
    ),
    index("dialogs_user_id_idx").on(t.userId, t.dialogId),
    check("dialogs_last_seq_check", sql`last_seq >= 0`),
  ],
);
