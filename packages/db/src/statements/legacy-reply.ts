import type { RunState } from "@deepbot/contract";
import { and, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages, users } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";
import { prepareAnswerDialog, type CompletedRun } from "./complete-run.ts";

/** Result of a reply that names only its dialog. */
export type ReplyOutcome =
  | { kind: "completed"; runId: number; assistantId: number; from: RunState }
  | { kind: "repeated" }
  | { kind: "unsolicited"; messageId: number }
  | { kind: "no_dialog" }
  | { kind: "dialog_full"; limit: number };

/**
 * Stores a text of the bot in a user's dialog: as the answer to its open or unanswered run, as a message of its own when
 * there is no such run, or not at all when it repeats the newest message or, as a message of its own, has no room.
 */
export type StoreReply = (reply: Reply) => Promise<ReplyOutcome>;

interface Reply extends DialogKey {
  text: string;
  /** The assistants whose dialogs may be answered; null means all. Others count as missing. */
  assistantIds: readonly number[] | null;
  messagesPerDialog: number;
}

/** The usual case is one statement. The others hold a lock on the dialog's row while they decide. */
export function prepareStoreReply(db: Db): StoreReply {
  const answerDialog = prepareAnswerDialog(db);
  return async (reply) => {
    const completed = await answerDialog(reply);
    if (completed !== undefined) return asOutcome(completed);
    return db.transaction((tx) => storeWithoutRun(tx, reply));
  };
}

function asOutcome({ runId, assistantId, from }: CompletedRun): ReplyOutcome {
  return { kind: "completed", runId, assistantId, from };
}

async function storeWithoutRun(tx: Db, reply: Reply): Promise<ReplyOutcome> {
  const [dialog] = await tx
    .select({
      lastSeq: dialogs.lastSeq,
      assistantId: dialogs.assistantId,
      limit: sql<number>`coalesce(${users.messagesPerDialog}, ${reply.messagesPerDialog}::int)`,
    })
    .from(dialogs)
    .innerJoin(users, eq(users.userId, dialogs.userId))
    .where(and(eq(dialogs.dialogId, reply.dialogId), eq(dialogs.userId, reply.userId)))
    .for("update", { of: dialogs });
  if (dialog === undefined || reply.assistantIds?.includes(dialog.assistantId) === false) return { kind: "no_dialog" };
  // A run may have been opened between the first attempt and the lock.
  const completed = await prepareAnswerDialog(tx)(reply);
  if (completed !== undefined) return asOutcome(completed);
  const [newest] = await tx
    .select({ userId: messages.userId, content: messages.content })
    .from(messages)
    .where(and(eq(messages.dialogId, reply.dialogId), eq(messages.seq, dialog.lastSeq)));
  if (newest?.userId === botUserId && newest.content === reply.text) return { kind: "repeated" };
  if (dialog.lastSeq >= dialog.limit) return { kind: "dialog_full", limit: dialog.limit };
  return { kind: "unsolicited", messageId: await insertBotMessage(tx, reply) };
}

async function insertBotMessage(tx: Db, { dialogId, text }: { dialogId: number; text: string }): Promise<number> {
  const dialog = tx.$with("dialog", { lastSeq: dialogs.lastSeq }).as(sql`
    update dialogs set last_seq = last_seq + 1 where dialog_id = ${dialogId} returning last_seq`);
  const message = tx.$with("message", { messageId: messages.messageId }).as(sql`
    insert into messages (dialog_id, user_id, content, seq)
    select ${dialogId}::bigint, ${botUserId}::bigint, ${text}, last_seq from dialog
    returning message_id`);
  const [inserted] = await tx.with(dialog, message).select().from(message);
  if (inserted === undefined) throw new Error("A message was inserted, but its id did not come back.");
  return inserted.messageId;
}
