import { and, asc, eq, ne, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";
import { isoTime } from "./iso-time.ts";
import { prepareDecoded, type BigintCell } from "./prepare-decoded.ts";

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

type MessageCells = [
  messageId: BigintCell | null,
  userId: BigintCell,
  partial: boolean,
  content: string,
  createdAt: string,
];

/** An empty dialog is one row without a message. */
function decodeMessage([messageId, userId, partial, content, createdAt]: MessageCells): MessageRow | undefined {
  if (messageId === null) return undefined;
  return {
    messageId: Number(messageId),
    isBot: Number(userId) === botUserId,
    partial,
    content,
    createdAt: isoTime(createdAt),
  };
}

/** The messages of a user's dialog, oldest first; undefined when the user has no such dialog. */
export type ListMessages = (dialog: DialogKey) => Promise<MessageRow[] | undefined>;

export function prepareListMessages(db: Db): ListMessages {
  const query = db
    .select({
      messageId: messages.messageId,
      userId: messages.userId,
      partial: messages.partial,
      content: messages.content,
      createdAt: messages.createdAt,
    })
    .from(dialogs)
    .leftJoin(messages, eq(messages.dialogId, dialogs.dialogId))
    .where(and(eq(dialogs.dialogId, sql.placeholder("dialogId")), eq(dialogs.userId, sql.placeholder("userId"))))
    .orderBy(asc(messages.seq));
  const execute = prepareDecoded(db, query, { name: "list_messages", decode: decodeMessage });
  return async (dialog) => {
    const rows = await execute({ ...dialog });
    return rows.length === 0 ? undefined : rows.filter((row) => row !== undefined);
  };
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
