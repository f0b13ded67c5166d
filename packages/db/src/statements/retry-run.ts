import { count, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, runs, userStartTags } from "../schema/index.ts";
import type { AskMetadata } from "./ask.ts";
import { assistantOfDialog, isAssistantOfDialog } from "./assistant-quota.ts";
import { hasTokensLeft, messagesPerDialog, nextStartTag, type Quotas } from "./quotas.ts";

/**
 * Queues the question of an ended run again, as a new run. Undefined unless the run is the last of its dialog, has no
 * complete answer, and no message of the user came after its question; and when the question has had `maxRuns` runs, the
 * dialog is full, its assistant is disabled, or the person has no tokens left today. The question itself was taken from the quotas when it was stored.
 */
export type InsertRetry = (retry: {
  runId: number;
  userId: number;
  deadlineMs: number;
  maxAttempts: number;
  maxRuns: number;
  quotas: Pick<Quotas, "tokensPerDay" | "messagesPerDialog">;
  metadata: AskMetadata;
}) => Promise<{ runId: number; dialogId: number; assistantId: number } | undefined>;

export function prepareInsertRetry(db: Db): InsertRetry {
  // Locked before anything is decided: what a statement reads elsewhere is as old as its beginning, a locked row is not.
  const dialog = db.$with("dialog", { dialogId: dialogs.dialogId }).as(sql`
    select dialog_id, dialogs.user_id, last_seq, assistants.assistant_id, answer_max_ms
    from dialogs
      join users on users.user_id = dialogs.user_id
      join ${assistantOfDialog} on ${isAssistantOfDialog}
    where dialog_id = (select dialog_id from runs where run_id = ${sql.placeholder("runId")})
      and dialogs.user_id = ${sql.placeholder("userId")} and not status_flag
      and last_seq < ${messagesPerDialog} and ${hasTokensLeft} and disabled_at is null
    for update of dialogs`);
  // No message came since the statement began if its last number is still the dialog's.
  const asked = db.$with("asked", { dialogId: runs.dialogId }).as(sql`
    select runs.dialog_id, question_id, user_id, dialog.assistant_id, answer_max_ms from runs join dialog on dialog.dialog_id = runs.dialog_id
    where run_id = ${sql.placeholder("runId")} and state in ('failed', 'expired', 'cancelled')
      and run_id = (select max(later.run_id) from runs as later where later.dialog_id = dialog.dialog_id)
      and last_seq = (select max(seq) from messages where messages.dialog_id = dialog.dialog_id)
      and not exists (
        select 1 from messages
        where messages.dialog_id = dialog.dialog_id and message_id > question_id and messages.user_id = dialog.user_id
      )
      and ${sql.placeholder("maxRuns")}::int > (
        select count(*) from runs as earlier where earlier.question_id = runs.question_id
      )
    for update of runs`);
  const flagged = db.$with("flagged", { dialogId: dialogs.dialogId }).as(sql`
    update dialogs set status_flag = true from asked where dialogs.dialog_id = asked.dialog_id
    returning dialogs.dialog_id`);
  const tag = db.$with("tag", { startTag: userStartTags.startTag }).as(nextStartTag(sql`asked`));
  const run = db.$with("run", { runId: runs.runId, dialogId: runs.dialogId, assistantId: runs.assistantId }).as(sql`
    insert into runs (dialog_id, question_id, assistant_id, start_tag, max_attempts, deadline_at, metadata)
    select asked.dialog_id, question_id, assistant_id, start_tag, ${sql.placeholder("maxAttempts")}::int,
      clock_timestamp() + least(${sql.placeholder("deadlineMs")}::float8, answer_max_ms) * interval '1 millisecond',
      ${sql.placeholder("metadata")}::jsonb
    from asked join flagged on flagged.dialog_id = asked.dialog_id cross join tag
    returning run_id, dialog_id, assistant_id`);
  const statement = db.with(dialog, asked, flagged, tag, run).select().from(run).prepare("insert_retry");
  return async ({ quotas, metadata, ...retry }) =>
    (await statement.execute({ ...retry, ...quotas, metadata: JSON.stringify(metadata) })).at(0);
}

/** How many runs a question has had. */
export type CountRunsOfQuestion = (questionId: number) => Promise<number>;

export function prepareCountRunsOfQuestion(db: Db): CountRunsOfQuestion {
  const statement = db
    .select({ total: count() })
    .from(runs)
    .where(eq(runs.questionId, sql.placeholder("questionId")))
    .prepare("count_runs_of_question");
  return async (questionId) => (await statement.execute({ questionId })).at(0)?.total ?? 0;
}
