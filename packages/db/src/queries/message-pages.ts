import { and, asc, desc, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages, type RunState } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";
import { isoTime } from "./iso-time.ts";
import type { MessageRow } from "./messages.ts";

/** The newest run of a question. */
export interface QuestionRun {
  runId: number;
  state: RunState;
  errorCode: string | null;
  errorMessage: string | null;
  /** Whether it is open past its deadline, so that settling will end it. */
  overdue: boolean;
}

export interface PagedMessage extends MessageRow {
  seq: number;
  /** Null for what the bot wrote, and for questions older than runs. */
  run: QuestionRun | null;
}

/**
 * The newest `limit` messages of a user's dialog with a `seq` below `before`, or of all when that is null; oldest first.
 * Undefined when the user has no such dialog.
 */
export type ListMessagePage = (
  page: DialogKey & { before: number | null; limit: number },
) => Promise<PagedMessage[] | undefined>;

// Drizzle leaves the table out of columns in a selection from one table: inside the subquery they are spelled out.
const newestRun = sql<QuestionRun | null>`(
  select json_build_object(
    'runId', run_id, 'state', state, 'errorCode', error_code, 'errorMessage', error_message,
    'overdue', ended_at is null and deadline_at <= now()
  )
  from runs
  where runs.question_id = newest.message_id
  order by run_id desc
  limit 1
)`;

/** The page is cut out of the index first; runs are looked up for its messages only. */
export function prepareListMessagePage(db: Db): ListMessagePage {
  const newest = db
    .select({
      messageId: messages.messageId,
      userId: messages.userId,
      partial: messages.partial,
      content: messages.content,
      createdAt: messages.createdAt,
      seq: messages.seq,
    })
    .from(messages)
    .where(
      sql`${messages.dialogId} = ${sql.placeholder("dialogId")}
        and ${messages.seq} < coalesce(${sql.placeholder("before")}::bigint, 9223372036854775807)`,
    )
    .orderBy(desc(messages.seq))
    .limit(sql.placeholder("limit"))
    .as("newest");
  const statement = db
    .select({
      message: {
        messageId: newest.messageId,
        userId: newest.userId,
        partial: newest.partial,
        content: newest.content,
        createdAt: sql<string>`${newest.createdAt}`.mapWith(isoTime),
        seq: newest.seq,
      },
      run: newestRun,
    })
    .from(dialogs)
    .leftJoin(newest, sql`true`)
    .where(and(eq(dialogs.dialogId, sql.placeholder("dialogId")), eq(dialogs.userId, sql.placeholder("userId"))))
    .orderBy(asc(newest.seq))
    .prepare("list_message_page");
  return async (page) => {
    const rows = await statement.execute({ ...page });
    if (rows.length === 0) return undefined;
    return rows.flatMap(({ message, run }) => {
      if (message === null) return [];
      const { userId, ...columns } = message;
      return { ...columns, isBot: userId === botUserId, run };
    });
  };
}
