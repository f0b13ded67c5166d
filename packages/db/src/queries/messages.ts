import { and, asc, eq, ne, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";
import { isoTime } from "./iso-time.ts";

export interface MessageRow {
  messageId: number;
  /** Written by the bot, not by the dialog's owner. */
  isBot: boolean;
  /** What the bot had said when its run was cancelled. */
  partial: boolean;
  content: string;
  /** ISO 8601. */
  createdAt: string;
}

/** The messages of a user's dialog, oldest first; undefined when the user has no such dialog. */
export type ListMessages = (dialog: DialogKey) => Promise<MessageRow[] | undefined>;

export function prepareListMessages(db: Db): ListMessages {
  const statement = db
    .select({
      messageId: messages.messageId,
      isBot: sql<boolean>`${messages.userId} = ${botUserId}`,
      partial: sql<boolean>`${messages.partial}`,
      content: sql<string>`${messages.content}`,
      createdAt: sql<string>`${messages.createdAt}`.mapWith(isoTime),
    })
    .from(dialogs)
    .leftJoin(messages, eq(messages.dialogId, dialogs.dialogId))
    .where(and(eq(dialogs.dialogId, sql.placeholder("dialogId")), eq(dialogs.userId, sql.placeholder("userId"))))
    .orderBy(asc(messages.seq))
    .prepare("list_messages");
  return async (dialog) => {
    const rows = await statement.execute({ ...dialog });
    // An empty dialog is one row without a message.
    return rows.length === 0 ? undefined : rows.filter((row): row is MessageRow => row.messageId !== null);
  };
}

export interface PendingRow {
  /** The dialog's owner. */
  userId: number;
  dialogId: number;
  content: string;
}

/** Every user message of every dialog that awaits an answer, in the order of storing. */
export type ListPendingMessages = () => Promise<PendingRow[]>;

export function prepareListPendingMessages(db: Db): ListPendingMessages {
  const statement = db
    .select({ userId: dialogs.userId, dialogId: messages.dialogId, content: messages.content })
    .from(dialogs)
    .innerJoin(messages, eq(messages.dialogId, dialogs.dialogId))
    .where(and(sql`${dialogs.statusFlag}`, ne(messages.userId, botUserId)))
    // By an expression: where one dialog has most messages, PostgreSQL would walk all of them by their key to save the sort.
    .orderBy(sql`${messages.messageId} + 0`)
    .prepare("list_pending_messages");
  return () => statement.execute();
}
