import type { Locale } from "@deepbot/contract";
import { and, desc, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, isOpenRun, messages, runs, userStartTags } from "../schema/index.ts";
import {
  assistantOfDialog,
  assistantQuestionsToday,
  countedByAssistant,
  hasAssistantQuestionsLeft,
  isAssistantOfDialog,
} from "./assistant-quota.ts";
import type { DialogKey } from "./dialogs.ts";
import {
  messagesPerDialog,
  nextStartTag,
  questionBytesPerDay,
  questionsPerDay,
  today,
  tokensPerDay,
  type Quotas,
} from "./quotas.ts";

export interface Question extends DialogKey {
  text: string;
  /** The client's own id of the message, unique within the dialog; null if it sent none. */
  clientMessageId: string | null;
  /** Of a usual answer; the dialog's assistant may set less. */
  deadlineMs: number;
  maxAttempts: number;
  quotas: Quotas;
  metadata: AskMetadata;
}

/** What the request that asked says beside the question, for the worker. */
export interface AskMetadata {
  locale: Locale;
  /** The W3C trace context of the request, if it had one. */
  traceparent?: string;
}

/** A run that was just stored. */
export interface QueuedRun {
  runId: number;
  dialogId: number;
  questionId: number;
  assistantId: number;
  createdAt: Date;
  deadlineAt: Date;
}

/**
 * Stores a user message with its run, sets the dialog's flag and takes the question from the person's quotas of the day, in
 * one statement. Undefined when there is a conflict, which {@link FindSendConflict} finds, or a quota does not allow it.
 *
 * @throws a unique violation when a message with the same `clientMessageId` was stored at the same moment
 */
export type InsertQuestion = (question: Question) => Promise<QueuedRun | undefined>;

/** The dialog, locked, if it can take the question and an answer to it; with its assistant and the limits of its owner. */
const askedDialog = sql`
  select dialogs.dialog_id, dialogs.user_id, assistants.assistant_id, answer_max_ms,
    assistants.questions_per_day as max_assistant_questions, given.text, octet_length(given.text) as bytes,
    ${questionsPerDay} as max_questions, ${questionBytesPerDay} as max_bytes,
    coalesce(${tokensPerDay}, 9223372036854775807) as max_tokens
  from dialogs
    join users on users.user_id = dialogs.user_id
    join ${assistantOfDialog} on ${isAssistantOfDialog}
    cross join (select ${sql.placeholder("text")}::text as text) as given
  where dialog_id = ${sql.placeholder("dialogId")} and dialogs.user_id = ${sql.placeholder("userId")} and not status_flag
    and last_seq + 2 <= ${messagesPerDialog}
    and disabled_at is null and ${hasAssistantQuestionsLeft}
    and not exists (
      select 1 from messages
      where messages.dialog_id = dialogs.dialog_id and client_message_id = ${sql.placeholder("clientMessageId")}::uuid
    )
  for no key update of dialogs`;

/** Taken after the dialog's lock: the other order could deadlock with the deletion of the account. */
const reservedQuestion = sql`
  insert into usage_daily as today (user_id, day, questions, question_bytes)
  select user_id, ${today}, 1, bytes from asked where max_questions > 0 and bytes <= max_bytes and max_tokens > 0
  on conflict (user_id, day) do update
    set questions = today.questions + 1, question_bytes = today.question_bytes + excluded.question_bytes
    where today.questions < (select max_questions from asked)
      and today.question_bytes + excluded.question_bytes <= (select max_bytes from asked)
      and today.input_tokens + today.output_tokens < (select max_tokens from asked)
  returning user_id`;

export function prepareInsertQuestion(db: Db): InsertQuestion {
  const asked = db.$with("asked", { dialogId: dialogs.dialogId }).as(askedDialog);
  const reserved = db.$with("reserved", { userId: dialogs.userId }).as(reservedQuestion);
  const counted = db.$with("counted", { userId: dialogs.userId }).as(countedByAssistant);
  const dialog = db.$with("dialog", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = true, last_seq = last_seq + 1
    from asked join reserved on reserved.user_id = asked.user_id
    where dialogs.dialog_id = asked.dialog_id
      and (max_assistant_questions is null or exists (select 1 from counted))
    returning dialogs.dialog_id, dialogs.user_id, last_seq, text`);
  const tag = db.$with("tag", { startTag: userStartTags.startTag }).as(nextStartTag(sql`dialog`));
  const question = db.$with("question", { dialogId: messages.dialogId, messageId: messages.messageId }).as(sql`
    insert into messages (dialog_id, user_id, content, seq, client_message_id)
    select dialog_id, user_id, text, last_seq, ${sql.placeholder("clientMessageId")}::uuid
    from dialog
    returning dialog_id, message_id`);
  const run = db.$with("run", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    questionId: runs.questionId,
    assistantId: runs.assistantId,
    createdAt: runs.createdAt,
    deadlineAt: runs.deadlineAt,
  }).as(sql`
    insert into runs (dialog_id, question_id, assistant_id, start_tag, max_attempts, deadline_at, metadata)
    select question.dialog_id, message_id, assistant_id, start_tag, ${sql.placeholder("maxAttempts")}::int,
      clock_timestamp() + least(${sql.placeholder("deadlineMs")}::float8, answer_max_ms) * interval '1 millisecond',
      ${sql.placeholder("metadata")}::jsonb
    from question, asked, tag
    returning run_id, dialog_id, question_id, assistant_id, created_at, deadline_at`);
  const steps = [asked, reserved, counted, dialog, tag, question, run] as const;
  const statement = db
    .with(...steps)
    .select()
    .from(run)
    .prepare("insert_question");
  return async ({ quotas, metadata, ...values }) =>
    (await statement.execute({ ...values, ...quotas, metadata: JSON.stringify(metadata) })).at(0);
}

export interface SendConflict {
  /** The open run of the dialog, if any. */
  openRunId: number | null;
  /** Whether that run is past its deadline, so that `reap_runs` will end it. */
  overdue: boolean;
  /** Messages in the dialog. */
  messageCount: number;
  assistant: {
    isDisabled: boolean;
    /** What a person may ask it in a day, and has asked it today; null if it has no such limit. */
    questions: { limit: number; used: number } | null;
  };
  /** The newest run of the message stored under the same `clientMessageId`, if any. */
  sameMessage: { runId: number; text: string } | null;
}

/** Why {@link InsertQuestion} stored nothing, unless it was for a quota; undefined when the user has no such dialog. */
export type FindSendConflict = (
  message: DialogKey & { clientMessageId: string | null },
) => Promise<SendConflict | undefined>;

export function prepareFindSendConflict(db: Db): FindSendConflict {
  const dialog = db
    .select({
      openRunId: runs.runId,
      overdue: sql<boolean>`coalesce(${runs.deadlineAt} <= now(), false)`,
      messageCount: dialogs.lastSeq,
      isDisabled: sql<boolean>`assistants.disabled_at is not null`,
      questionsPerDay: sql<number | null>`assistants.questions_per_day`,
      questionsToday: sql<number>`
        case when assistants.questions_per_day is null then 0 else ${assistantQuestionsToday} end`.mapWith(Number),
    })
    .from(dialogs)
    .innerJoin(assistantOfDialog, isAssistantOfDialog)
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
    const [found] = await dialog.execute({ dialogId, userId });
    if (found === undefined) return undefined;
    const { isDisabled, questionsPerDay: limit, questionsToday: used, ...conflict } = found;
    const assistant = { isDisabled, questions: limit === null ? null : { limit, used } };
    const same =
      clientMessageId === null ? undefined : (await sameMessage.execute({ dialogId, clientMessageId })).at(0);
    return { ...conflict, assistant, sameMessage: same ?? null };
  };
}
