import {
  bigint,
  bigserial,
  boolean,
  check,
  foreignKey,
  integer,
  pgTable,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import { sql } from "drizzle-orm";
import { dialogs } from "./dialogs.ts";

/**
 * One text in a dialog, by its owner or by the bot. `seq` counts from 1 without gaps inside the dialog. A `partial`
 * message holds the streamed text of a run that was cancelled or failed. `user_id` names the author and has no foreign key: its check
 * would lock the bot's row with every answer. Messages go with their dialog, and dialogs with their owner.
 */
export const messages = pgTable(
  "messages",
  {
    messageId: bigserial("message_id", { mode: "number" }).primaryKey(),
    dialogId: bigint("dialog_id", { mode: "number" }).notNull(),
    userId: bigint("user_id", { mode: "number" }).notNull(),
    content: text("content").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    seq: integer("seq").notNull(),
    clientMessageId: uuid("client_message_id"),
    partial: boolean("partial").notNull().default(false),
  },
  (t) => [
    foreignKey({ name: "messages_dialog_id_fkey", columns: [t.dialogId], foreignColumns: [dialogs.dialogId] }).onDelete(
      "cascade",
    ),
    unique("messages_dialog_id_seq_key").on(t.dialogId, t.seq),
    unique("messages_dialog_id_client_message_id_key").on(t.dialogId, t.clientMessageId),
    check("messages_seq_check", sql`seq > 0`),
  ],
);
