import { openStates, runStates, type Usage } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { dialogs } from "./dialogs.ts";
import { messages } from "./messages.ts";

const timestamptz = (name: string) => timestamp(name, { withTimezone: true });

/** True of a run that has not ended. Written as the partial indexes are, or the planner would not use them. */
export const isOpenRun = sql`state in ${openStates}`.inlineParams();

/**
 * The platform's work on one user message, from question to answer.
 *
 * `lease_token` changes with every claim and stays after the end, so that a repeated report is told from a stale one.
 * `attempt` counts the claims that were not given back. `epoch` counts all claims: deltas of one epoch make one text.
 * `start_tag` is the place of the run in the fair order of claims, see `user_start_tags`. `lease_confirmed` is false from a claim that
 * asked for it until the first report: a lease that runs out before costs no attempt. `lease_key_id` is the service key that
 * claimed; null, as the version before leaves it, means the key of the environment.
 * The constraints below are the state machine's invariants.
 */
export const runs = pgTable(
  "runs",
  {
    runId: bigserial("run_id", { mode: "number" }).primaryKey(),
    dialogId: bigint("dialog_id", { mode: "number" }).notNull(),
    questionId: bigint("question_id", { mode: "number" }).notNull(),
    answerId: bigint("answer_id", { mode: "number" }),
    state: text("state", { enum: runStates }).notNull().default("queued"),
    attempt: integer("attempt").notNull().default(0),
    // Name of `epoch` in the version before. The next release drops it with its trigger and the view `run_events`.
    generation: integer("generation").notNull().default(0),
    maxAttempts: integer("max_attempts").notNull(),
    availableAt: timestamptz("available_at").notNull().defaultNow(),
    deadlineAt: timestamptz("deadline_at").notNull(),
    leaseToken: uuid("lease_token"),
    leaseUntil: timestamptz("lease_until"),
    worker: text("worker"),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    cancelRequestedAt: timestamptz("cancel_requested_at"),
    usage: jsonb("usage").$type<Usage>(),
    createdAt: timestamptz("created_at").notNull().defaultNow(),
    startedAt: timestamptz("started_at"),
    endedAt: timestamptz("ended_at"),
    epoch: integer("epoch").notNull().default(0),
    startTag: bigint("start_tag", { mode: "number" }).notNull().default(0),
    leaseConfirmed: boolean("lease_confirmed").notNull().default(true),
    assistantId: bigint("assistant_id", { mode: "number" }).notNull().default(1),
    leaseKeyId: text("lease_key_id"),
    metadata: jsonb("metadata").$type<Record<string, unknown>>(),
  },
  (t) => [
    foreignKey({ name: "runs_dialog_id_fkey", columns: [t.dialogId], foreignColumns: [dialogs.dialogId] }).onDelete(
      "cascade",
    ),
    foreignKey({
      name: "runs_question_id_fkey",
      columns: [t.questionId],
      foreignColumns: [messages.messageId],
    }).onDelete("cascade"),
    foreignKey({ name: "runs_answer_id_fkey", columns: [t.answerId], foreignColumns: [messages.messageId] }).onDelete(
      "cascade",
    ),
    unique("runs_answer_id_key").on(t.answerId),
    uniqueIndex("runs_one_open_per_dialog").on(t.dialogId).where(isOpenRun),
    uniqueIndex("runs_one_answer_per_question")
      .on(t.questionId)
      .where(sql`state = 'completed'`),
    index("runs_dialog_id_idx").on(t.dialogId, t.runId),
    index("runs_question_id_idx").on(t.questionId),
    index("runs_start_tag_idx")
      .on(t.startTag, t.runId)
      .where(sql`state = 'queued'`),
    index("runs_assistant_id_idx")
      .on(t.assistantId, t.startTag, t.runId)
      .where(sql`state = 'queued'`),
    index("runs_deadline_idx").on(t.deadlineAt).where(isOpenRun),
    index("runs_cancel_idx")
      .on(t.cancelRequestedAt)
      .where(sql`cancel_requested_at is not null and ended_at is null`),
    index("runs_lease_idx")
      .on(t.leaseUntil)
      .where(sql`state = 'running'`),
    check("runs_state_check", sql`state in ${runStates}`.inlineParams()),
    check("runs_attempt_check", sql`attempt between 0 and max_attempts`),
    check("runs_lease_check", sql`(state = 'running') = (lease_until is not null)`),
    check("runs_lease_token_check", sql`state <> 'running' or lease_token is not null`),
    check("runs_ended_check", sql`(${isOpenRun}) = (ended_at is null)`),
    check(
      "runs_answer_check",
      sql`case state when 'completed' then answer_id is not null when 'cancelled' then true when 'failed' then true else answer_id is null end`,
    ),
    check("runs_error_check", sql`state <> 'failed' or error_code is not null`),
  ],
);
