import { sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { usageDaily } from "../schema/index.ts";

/** What a person may use. Columns of their row in `users` replace them one by one. */
export interface Quotas {
  questionsPerDay: number;
  /** UTF-8 bytes of all questions of a day together. */
  questionBytesPerDay: number;
  /** Tokens that workers report, input and output together. Null: as many as there are. */
  tokensPerDay: number | null;
  messagesPerDialog: number;
}

/** The limits of the user in the statement's table `users`. Days are UTC's. */
export const questionsPerDay = sql`coalesce(users.questions_per_day, ${sql.placeholder("questionsPerDay")}::int)`;
export const questionBytesPerDay = sql`
  coalesce(users.question_bytes_per_day, ${sql.placeholder("questionBytesPerDay")}::bigint)`;
export const tokensPerDay = sql`coalesce(users.tokens_per_day, ${sql.placeholder("tokensPerDay")}::bigint)`;
export const messagesPerDialog = sql`coalesce(users.messages_per_dialog, ${sql.placeholder("messagesPerDialog")}::int)`;

export const today = sql`(now() at time zone 'utc')::date`;

/** True while the user in the statement's table `users` has tokens left for today. */
export const hasTokensLeft = sql`
  coalesce((
    select input_tokens + output_tokens from usage_daily where usage_daily.user_id = users.user_id and day = ${today}
  ), 0) < coalesce(${tokensPerDay}, 9223372036854775807)`;

/**
 * A start tag after the person's last one and after the queue's virtual time, for a run of the user in the given step. It locks
 * the user's row of `user_start_tags` until the end of the transaction.
 */
export const nextStartTag = (step: SQL): SQL => sql`
  insert into user_start_tags as mine (user_id, start_tag)
  select user_id, queue_clock.virtual_time + 1 from ${step} cross join queue_clock where only_row
  on conflict (user_id) do update set start_tag = greatest(mine.start_tag + 1, excluded.start_tag)
  returning start_tag`;

/** What a person has used today, and what they may use. */
export interface UsageToday {
  quotas: Quotas;
  questions: number;
  questionBytes: number;
  inputTokens: number;
  outputTokens: number;
  /** When the day ends. */
  resetsAt: Date;
}

/** Undefined when there is no such user. */
export type FindUsage = (wanted: { userId: number; quotas: Quotas }) => Promise<UsageToday | undefined>;

const count = (value: SQL) => sql<number>`${value}`.mapWith(Number);

export function prepareFindUsage(db: Db): FindUsage {
  const statement = db
    .select({
      limits: {
        questionsPerDay: count(questionsPerDay),
        questionBytesPerDay: count(questionBytesPerDay),
        tokensPerDay: sql<string | null>`${tokensPerDay}`,
        messagesPerDialog: count(messagesPerDialog),
      },
      questions: count(sql`coalesce(questions, 0)`),
      questionBytes: count(sql`coalesce(question_bytes, 0)`),
      inputTokens: count(sql`coalesce(input_tokens, 0)`),
      outputTokens: count(sql`coalesce(output_tokens, 0)`),
      resetsAt: sql<Date>`(${today} + 1)::timestamp at time zone 'utc'`.mapWith((time: string) => new Date(time)),
    })
    .from(sql`users left join usage_daily on usage_daily.user_id = users.user_id and day = ${today}`)
    .where(sql`users.user_id = ${sql.placeholder("userId")}`)
    .prepare("find_usage");
  return async ({ userId, quotas }) => {
    const row = (await statement.execute({ userId, ...quotas })).at(0);
    if (row === undefined) return undefined;
    const { limits, ...used } = row;
    const { tokensPerDay: tokens } = limits;
    return { ...used, quotas: { ...limits, tokensPerDay: tokens === null ? null : Number(tokens) } };
  };
}

const peak = (column: SQL) => sql<number>`coalesce(max(${column}), 0)`.mapWith(Number);

/** The most that one person has used today, of each quota. */
export type FindPeakUsage = () => Promise<{ questions: number; questionBytes: number; tokens: number }>;

export function prepareFindPeakUsage(db: Db): FindPeakUsage {
  const statement = db
    .select({
      questions: peak(sql`questions`),
      questionBytes: peak(sql`question_bytes`),
      tokens: peak(sql`input_tokens + output_tokens`),
    })
    .from(usageDaily)
    .where(sql`day = ${today}`)
    .prepare("find_peak_usage");
  return async () => (await statement.execute()).at(0) ?? { questions: 0, questionBytes: 0, tokens: 0 };
}

/** Forgets what people used more than `keepDays` days ago. */
export type PruneUsage = (keepDays: number) => Promise<void>;

export function preparePruneUsage(db: Db): PruneUsage {
  const isOld = sql`day < ${today} - ${sql.placeholder("keepDays")}::int`;
  const ofAssistants = db.$with("of_assistants", {}).as(sql`delete from assistant_usage_daily where ${isOld}`);
  const statement = db.with(ofAssistants).delete(usageDaily).where(isOld).prepare("prune_usage");
  return async (keepDays) => {
    await statement.execute({ keepDays });
  };
}
