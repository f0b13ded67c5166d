import { asc, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, isOpenRun, messages } from "../schema/index.ts";

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

/**
 * The questions that await an answer, those that wait longest first into the limit, and as context the questions before them
 * in their dialogs, as far as the limits allow. In the order in which they were stored, so that a dialog's last is the open
 * one.
 *
 * @param limits.maxBytes UTF-8 bytes of all texts together; the first question is given in any case
 * @param limits.dialogMaxBytes the same for the earlier questions of one dialog
 * @param limits.maxDialogs dialogs at most
 * @param limits.maxEarlier earlier questions of one dialog at most
 * @param limits.assistantIds only questions to these assistants; null means all
 */
export type ListPendingMessages = (limits: {
  assistantIds: readonly number[] | null;
  maxBytes: number;
  dialogMaxBytes: number;
  maxDialogs: number;
  maxEarlier: number;
}) => Promise<PendingRow[]>;

/** The open runs that were asked first. Their number is the limit of all reads after. */
const openQuestions = sql`
  select run_id, runs.dialog_id, dialogs.user_id, question_id, asked.seq, octet_length(asked.content) as bytes
  from runs
    join dialogs on dialogs.dialog_id = runs.dialog_id
    join messages as asked on asked.message_id = runs.question_id
  where ${isOpenRun}
    and (${sql.placeholder("assistantIds")}::bigint[] is null or runs.assistant_id = any(${sql.placeholder("assistantIds")}::bigint[]))
  order by run_id + 0 -- An expression, because PostgreSQL might otherwise read all ended runs to save the sort.
  limit ${sql.placeholder("maxDialogs")}::int`;

/** Their texts: `place` is 0 for the open question. Only lengths are read of texts that the limits leave out. */
const pendingTexts = sql`
  select run_id, user_id, dialog_id, question_id as message_id, 0 as place, bytes from open
  union all
  select run_id, open.user_id, dialog_id, earlier.*
  from open cross join lateral (
    select message_id, place, bytes from (
      select message_id, row_number() over newest_first as place, octet_length(content) as bytes,
        sum(octet_length(content)) over newest_first as bytes_so_far
      from (
        select message_id, content, seq from messages
        where messages.dialog_id = open.dialog_id and messages.seq < open.seq and messages.user_id <> ${botUserId}
        order by seq desc
        limit ${sql.placeholder("maxEarlier")}::int
      ) as newest
      window newest_first as (order by seq desc)
    ) as measured
    where bytes_so_far <= ${sql.placeholder("dialogMaxBytes")}::int
  ) as earlier`;

export function prepareListPendingMessages(db: Db): ListPendingMessages {
  const open = db.$with("open", { dialogId: dialogs.dialogId }).as(openQuestions);
  const texts = db.$with("texts", { dialogId: dialogs.dialogId }).as(pendingTexts);
  const fitting = db.$with("fitting", {
    userId: dialogs.userId,
    dialogId: dialogs.dialogId,
    messageId: messages.messageId,
  }).as(sql`
    select user_id, dialog_id, message_id from (
      select *, sum(bytes) over by_need as bytes_so_far, row_number() over by_need as number
      from texts
      window by_need as (order by place > 0, run_id, place)
    ) as measured
    where bytes_so_far <= ${sql.placeholder("maxBytes")}::int or number = 1`);
  const statement = db
    .with(open, texts, fitting)
    .select({ userId: fitting.userId, dialogId: fitting.dialogId, content: messages.content })
    .from(fitting)
    .innerJoin(messages, eq(messages.messageId, fitting.messageId))
    .orderBy(asc(fitting.messageId))
    .prepare("list_pending_messages");
  return (limits) => statement.execute({ ...limits });
}
