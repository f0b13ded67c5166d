import { limits, type RunState, type Usage } from "@deepbot/contract";
import { sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, isOpenRun, messages, runs } from "../schema/index.ts";
import { isServed, type DialogKey } from "./dialogs.ts";
import { leaseIsOfKey, leaseValues, type LeaseKey } from "./leases.ts";
import { today } from "./quotas.ts";
import { hasStreamed, streamedText } from "./streamed-text.ts";
import { endedRunDeliveries } from "./webhook-deliveries.ts";

export interface CompletedRun {
  runId: number;
  dialogId: number;
  /** The owner of the dialog. */
  ownerId: number;
  assistantId: number;
  answerId: number;
  /** The state before: open, or `expired` or `failed` when a late answer healed the run. */
  from: RunState;
  /** The answer. */
  text: string;
}

/** The run that an answer belongs to, in the state that the statement found it in. */
function targetOf(db: Db, condition: SQL) {
  return db.$with("target", { runId: runs.runId, from: runs.state }).as(sql`
    select run_id, state as state_before, dialog.user_id
    from runs join dialog on runs.dialog_id = dialog.dialog_id cross join given
    where ${condition} and (given.text is not null or ${hasStreamed})
    for update of runs`);
}

const reportedTokens = (name: "input_tokens" | "output_tokens") =>
  sql`least(coalesce((usage ->> ${name}::text)::bigint, 0), ${limits.answerTokensMax}::bigint)`;

/** The cost that the worker reports counts on the day of the report. */
const spentTokens = sql`
  insert into usage_daily as today (user_id, day, input_tokens, output_tokens)
  select user_id, ${today}, ${reportedTokens("input_tokens")}, ${reportedTokens("output_tokens")}
  from done where usage is not null
  on conflict (user_id, day) do update
    set input_tokens = today.input_tokens + excluded.input_tokens,
      output_tokens = today.output_tokens + excluded.output_tokens`;

const freedDialog = sql`
  update dialogs set status_flag = false, last_seq = dialogs.last_seq + 1
  from done where dialogs.dialog_id = done.dialog_id
  returning dialogs.dialog_id, dialogs.last_seq`;

/**
 * One statement: the run gets its answer, the answer becomes the newest message of the dialog, the flag is cleared.
 * `dialog` must lock the dialog's row, as every statement that ends a run does first; `condition` picks the run. Without a
 * text the answer is what the last claim has streamed.
 */
function answerStatement(db: Db, name: string, { dialog, condition }: { dialog: SQL; condition: SQL }) {
  const given = db.$with("given", { text: messages.content }).as(sql`
    select ${sql.placeholder("text")}::text as text, ${sql.placeholder("metadata")}::jsonb as metadata`);
  const locked = db.$with("dialog", { dialogId: dialogs.dialogId }).as(dialog);
  const target = targetOf(db, condition);
  const done = db.$with("done", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    ownerId: dialogs.userId,
    assistantId: runs.assistantId,
    answerId: runs.answerId,
    from: sql<RunState>`state_before`.as("state_before"),
    streamed: sql<string | null>`streamed`.as("streamed"),
  }).as(sql`
    update runs set
      state = 'completed', answer_id = nextval('messages_message_id_seq'), lease_until = null,
      ended_at = clock_timestamp(), error_code = null, error_message = null,
      usage = ${sql.placeholder("usage")}::jsonb,
      metadata = case when given.metadata is null then runs.metadata
        else coalesce(runs.metadata, '{}') || jsonb_build_object('worker', given.metadata) end
    from target cross join given
    where runs.run_id = target.run_id
    returning runs.run_id, dialog_id, user_id, assistant_id, answer_id, state_before, usage, given.text,
      case when given.text is null then ${streamedText(sql`runs`)} end as streamed`);
  const freed = db.$with("freed", { dialogId: dialogs.dialogId }).as(freedDialog);
  const answer = db.$with("answer", { answerId: messages.messageId }).as(sql`
    insert into messages (message_id, dialog_id, user_id, content, seq)
    select done.answer_id, done.dialog_id, ${botUserId}, coalesce(done.text, done.streamed), freed.last_seq
    from done join freed on freed.dialog_id = done.dialog_id
    returning message_id`);
  const spent = db.$with("spent", { userId: dialogs.userId }).as(spentTokens);
  const deliveries = db
    .$with("ended_deliveries", { runId: runs.runId })
    .as(endedRunDeliveries(sql`select run_id, assistant_id from done`));
  return db
    .with(given, locked, target, done, freed, answer, spent, deliveries)
    .select({
      runId: done.runId,
      dialogId: done.dialogId,
      ownerId: done.ownerId,
      assistantId: done.assistantId,
      answerId: answer.answerId,
      from: done.from,
      streamed: done.streamed,
    })
    .from(done)
    .innerJoin(answer, sql`true`)
    .prepare(name);
}

const asJson = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));

/** The text that the caller gave need not come back from the database. */
function withText(
  completed: (Omit<CompletedRun, "text"> & { streamed: string | null }) | undefined,
  given: string | null,
): CompletedRun | undefined {
  if (completed === undefined) return undefined;
  const { streamed, ...run } = completed;
  return { ...run, text: given ?? streamed ?? "" };
}

const lockedColumns = sql`dialogs.dialog_id, dialogs.user_id, dialogs.status_flag, dialogs.last_seq`;

/** An end state is healed only while its question is still the newest message of an idle dialog. */
const healable = sql`
  state in ('expired', 'failed') and not dialog.status_flag
  and dialog.last_seq = (select seq from messages where message_id = runs.question_id)`;

/** The given text is no longer than the run's assistant allows. */
const isShortEnough = sql`
  coalesce(octet_length(given.text), 0) <= coalesce((
    select answer_max_bytes from assistants where assistants.assistant_id = runs.assistant_id
  ), 2147483647)`;

/**
 * Completes a run under the lease that its worker holds. A run that has expired or failed since also takes the late
 * answer of its last worker. Undefined when token and key hold no such run, when the text is longer than its assistant
 * allows, and when there is neither a text nor a stream.
 */
export type CompleteRun = (
  answer: LeaseKey & {
    /** Null: what was streamed. */
    text: string | null;
    usage: Usage | null;
    /** Stored as the member `worker` of the run's metadata. */
    workerMetadata?: Record<string, unknown> | undefined;
  },
) => Promise<CompletedRun | undefined>;

export function prepareCompleteRun(db: Db): CompleteRun {
  const statement = answerStatement(db, "complete_run", {
    dialog: sql`
      select ${lockedColumns} from dialogs
      where dialog_id = (select dialog_id from runs where run_id = ${sql.placeholder("runId")})
      for update`,
    condition: sql`
      run_id = ${sql.placeholder("runId")} and lease_token = ${sql.placeholder("leaseToken")}::uuid
      and ${leaseIsOfKey}
      and (state = 'running' and lease_until > clock_timestamp() or ${healable}) and ${isShortEnough}`,
  });
  return async ({ usage, text, workerMetadata = null, ...lease }) => {
    const answer = { text, usage: asJson(usage), metadata: asJson(workerMetadata) };
    const completed = await statement.execute({ ...leaseValues(lease), ...answer });
    return withText(completed.at(0), text);
  };
}

/** True of the newest run of a dialog if a reply that names only the dialog is its answer. */
export const isAnsweredByReply = sql`
  run_id = (select max(run_id) from runs where dialog_id = ${sql.placeholder("dialogId")})
  and (${isOpenRun} or ${healable})`;

/**
 * Completes the open run of a user's dialog, whoever holds its lease, or heals the last run of the dialog if that ended
 * without an answer. Undefined when there is neither, or the dialog belongs to none of the given assistants; null means all.
 */
export type AnswerDialog = (
  answer: DialogKey & { text: string; assistantIds: readonly number[] | null },
) => Promise<CompletedRun | undefined>;

export function prepareAnswerDialog(db: Db): AnswerDialog {
  const statement = answerStatement(db, "answer_dialog", {
    dialog: sql`
      select ${lockedColumns} from dialogs
      where dialog_id = ${sql.placeholder("dialogId")} and user_id = ${sql.placeholder("userId")} and ${isServed}
      for update`,
    condition: isAnsweredByReply,
  });
  return async (answer) =>
    withText((await statement.execute({ ...answer, usage: null, metadata: null })).at(0), answer.text);
}
