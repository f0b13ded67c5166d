import { and, eq, ne, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages } from "../schema/index.ts";

export interface MessageRow {
  messageId: number;
  /** Written by the bot, not by the dialog's owner. */
  isBot: boolean;
  /** The streamed text of a run that was cancelled. */
  partial: boolean;
  content: string;
  /** ISO 8601. */
  createdAt: string;
}

export interface PendingRow {
  /** The dialog's owner. */
  userId: number;
  dialogId: number;
  content: string;
}

/** Every user message of every dialog that awaits an answer, in the order in which they were stored. */
export type ListPendingMessages = () => Promise<PendingRow[]>;

export function prepareListPendingMessages(db: Db): ListPendingMessages {
  const statement = db
    .select({ userId: dialogs.userId, dialogId: messages.dialogId, content: messages.content })
    .from(dialogs)
    .innerJoin(messages, eq(messages.dialogId, dialogs.dialogId))
    .where(and(sql`${dialogs.statusFlag}`, ne(messages.userId, botUserId)))
    // An expression, because PostgreSQL would otherwise read all messages of a long dialog by key to save the sort.
    .orderBy(sql`${messages.messageId} + 0`)
    .prepare("list_pending_messages");
  return () => statement.execute();
}
