import { and, desc, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, isOpenRun, messages, runs } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";

export interface Question extends DialogKey {
  text: string;
  /** The client's own id of the message, unique within the dialog; null if it sent none. */
  clientMessageId: string | null;
  deadlineMs: number;
  maxAttempts: number;
}

/** A run that was just stored. */
export interface QueuedRun {
  runId: number;
  dialogId: number;
  questionId: number;
  createdAt: Date;
  deadlineAt: Date;
}

/**
 * Stores a user message with its run and sets the dialog's flag, in one statement. Undefined when there is a conflict:
 * {@link FindSendConflict} tells which.
 *
 * @throws a unique violation when a message with the same `clientMessageId` was stored at the same moment
 */
export type InsertQuestion = (question: Question) => Promise<QueuedRun | undefined>;

export function prepareInsertQuestion(db: Db): InsertQuestion {
  const dialog = db.$with("dialog", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = true, last_seq = last_seq + 1
    where dialog_id = ${sql.placeholder("dialogId")} and user_id = ${sql.placeholder("userId")} and not status_flag
      and not exists (
        select 1 from messages
        where messages.dialog_id = dialogs.dialog_id and client_message_id = ${sql.placeholder("clientMessageId")}::uuid
      )
    returning dialog_id, user_id, last_seq`);
  const question = db.$with("question", { dialogId: messages.dialogId, messageId: messages.messageId }).as(sql`
    insert into messages (dialog_id, user_id, content, seq, client_message_id)
    select dialog_id, user_id, ${sql.placeholder("text")}, last_seq, ${sql.placeholder("clientMessageId")}::uuid
    from dialog
    returning dialog_id, message_id`);
  const run = db.$with("run", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    questionId: runs.questionId,
    createdAt: runs.createdAt,
    deadlineAt: runs.deadlineAt,
  }).as(sql`
    insert into runs (dialog_id, question_id, max_attempts, deadline_at)
    select dialog_id, message_id, ${sql.placeholder("maxAttempts")}::int,
      clock_timestamp() + ${sql.placeholder("deadlineMs")}::float8 * interval '1 millisecond'
    from question
    returning run_id, dialog_id, question_id, created_at, deadline_at`);
  const statement = db.with(dialog, question, run).select().from(run).prepare("insert_question");
  return async (values) => (await statement.execute({ ...values })).at(0);
}

export interface SendConflict {
  /** The open run of the dialog, if any. */
  openRunId: number | null;
  /** Whether that run is past its deadline, so that `reap_runs` will end it. */
  overdue: boolean;
  /** The newest run of the message stored under the same `clientMessageId`, if any. */
  sameMessage: { runId: number; text: string } | null;
}

/** Why {@link InsertQuestion} stored nothing; undefined when the user has no such dialog. */
export type FindSendConflict = (
  message: DialogKey & { clientMessageId: string | null },
) => Promise<SendConflict | undefined>;

export function prepareFindSendConflict(db: Db): FindSendConflict {
  const dialog = db
    .select({
      openRunId: runs.runId,
      overdue: sql<boolean>`coalesce(${runs.deadlineAt} <= now(), false)`,
    })
    .from(dialogs)
    .leftJoin(runs, and(eq(runs.dialogId, dialogs.dialogId), isOpenRun))
    .where(and(eq(dialogs.dialogId, sql.placeholder("dialogId")), eq(dialogs.userId, sql.placeholder("userId"))))
    .prepare("find_send_conflict");
  const sameMessage = db
    .select({ runId: runs.runId, text: messages.content })
    .from(messages)
    .innerJoin(runs, eq(runs.questionId, messages.messageId))
    .where(
      and(
        eq(messages.dialogId, sql.placeholder("dialogId")),
        eq(messages.clientMessageId, sql.placeholder("clientMessageId")),
      ),
    )
    .orderBy(desc(runs.runId))
    .limit(1)
    .prepare("find_same_message");
  return async ({ dialogId, userId, clientMessageId }) => {
    const [conflict] = await dialog.execute({ dialogId, userId });
    if (conflict === undefined) return undefined;
    const same =
      clientMessageId === null ? undefined : (await sameMessage.execute({ dialogId, clientMessageId })).at(0);
    return { ...conflict, sameMessage: same ?? null };
  };
}
