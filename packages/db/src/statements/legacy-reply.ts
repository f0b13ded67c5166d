import type { RunState, ServiceKeyScope } from "@deepbot/contract";
import { and, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages, runs, users } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";
import { isAnsweredByReply, prepareAnswerDialog, type CompletedRun } from "./complete-run.ts";

/** Result of a reply that names only its dialog. */
export type ReplyOutcome =
  | { kind: "completed"; runId: number; assistantId: number; from: RunState }
  | { kind: "repeated" }
  | { kind: "unsolicited"; messageId: number }
  | { kind: "no_dialog" }
  /** The dialog is with an assistant that the key does not reach. */
  | { kind: "foreign_assistant" }
  /** The key lacks the scope for what the reply would do. */
  | { kind: "not_allowed"; scope: ServiceKeyScope }
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
  /** Of the key: `legacy` may answer a run, `push` may store a message that nobody asked for. */
  scopes: readonly ServiceKeyScope[];
}

/** The usual case is one statement. The others hold a lock on the dialog's row while they decide. */
export function prepareStoreReply(db: Db): StoreReply {
  const answerDialog = prepareAnswerDialog(db);
  return async (reply) => {
    const completed = reply.scopes.includes("legacy") ? await answerDialog(reply) : undefined;
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
  if (dialog === undefined) return { kind: "no_dialog" };
  if (reply.assistantIds?.includes(dialog.assistantId) === false) return { kind: "foreign_assistant" };
  if (reply.scopes.includes("legacy")) {
    // A run may have been opened between the first attempt and the lock.
    const completed = await prepareAnswerDialog(tx)(reply);
    if (completed !== undefined) return asOutcome(completed);
  } else if (await wouldAnswer(tx, reply)) return { kind: "not_allowed", scope: "legacy" };
  const [newest] = await tx
    .select({ userId: messages.userId, content: messages.content })
    .from(messages)
    .where(and(eq(messages.dialogId, reply.dialogId), eq(messages.seq, dialog.lastSeq)));
  if (newest?.userId === botUserId && newest.content === reply.text) return { kind: "repeated" };
  if (!reply.scopes.includes("push")) return { kind: "not_allowed", scope: "push" };
  if (dialog.lastSeq >= dialog.limit) return { kind: "dialog_full", limit: dialog.limit };
  return { kind: "unsolicited", messageId: await insertBotMessage(tx, reply) };
}

/** Whether a reply would be an answer. The dialog's row is locked, so that this stays so. */
async function wouldAnswer(tx: Db, { dialogId }: DialogKey): Promise<boolean> {
  const found = await tx
    .select({ runId: runs.runId })
    .from(runs)
    .innerJoin(sql`dialogs as dialog`, sql`dialog.dialog_id = runs.dialog_id`)
    .where(isAnsweredByReply)
    .prepare("find_answerable_run")
    .execute({ dialogId });
  return found.length > 0;
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
