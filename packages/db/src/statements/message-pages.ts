import type { RunState } from "@deepbot/contract";
import { and, asc, desc, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";
import { isoTime } from "./iso-time.ts";
import type { MessageRow } from "./messages.ts";
import { prepareDecoded, type BigintCell } from "./prepare-decoded.ts";

/** The newest run of a question. */
export interface QuestionRun {
  runId: number;
  state: RunState;
  errorCode: string | null;
  errorMessage: string | null;
  /** Whether it is open past its deadline, so that `reap_runs` will end it. */
  overdue: boolean;
}

export interface PagedMessage extends MessageRow {
  seq: number;
  /** Null for messages of the bot, and for questions that are older than the table of runs. */
  run: QuestionRun | null;
}

/**
 * The newest `limit` messages of a user's dialog with a `seq` below `before`, or of all when that is null; oldest first.
 * Undefined when the user has no such dialog.
 */
export type ListMessagePage = (
  page: DialogKey & { before: number | null; limit: number },
) => Promise<PagedMessage[] | undefined>;

type PageCells = [
  messageId: BigintCell | null,
  userId: BigintCell,
  partial: boolean,
  content: string,
  createdAt: string,
  seq: number,
  runId: BigintCell | null,
  state: RunState,
  errorCode: string | null,
  errorMessage: string | null,
  overdue: boolean,
];

/** An empty page is one row without a message. */
function decodeMessage(cells: PageCells): PagedMessage | undefined {
  const [messageId, userId, partial, content, createdAt, seq, runId, state, errorCode, errorMessage, overdue] = cells;
  if (messageId === null) return undefined;
  return {
    messageId: Number(messageId),
    isBot: Number(userId) === botUserId,
    partial,
    content,
    createdAt: isoTime(createdAt),
    seq,
    run: runId === null ? null : { runId: Number(runId), state, errorCode, errorMessage, overdue },
  };
}

// Spelled out, because Drizzle omits the table of columns when it selects from one table.
const newestRun = sql`lateral (
  select run_id, state, error_code, error_message, ended_at is null and deadline_at <= now() as overdue
  from runs
  where runs.question_id = newest.message_id
  order by run_id desc
  limit 1
) as run`;

/** The subquery cuts the page out of the index, so that runs are looked up for its messages only. */
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
  const query = db
    .select({
      messageId: newest.messageId,
      userId: newest.userId,
      partial: newest.partial,
      content: newest.content,
      createdAt: newest.createdAt,
      seq: newest.seq,
      runId: sql`run.run_id`,
      state: sql`run.state`,
      errorCode: sql`run.error_code`,
      errorMessage: sql`run.error_message`,
      overdue: sql`run.overdue`,
    })
    .from(dialogs)
    .leftJoin(newest, sql`true`)
    .leftJoin(newestRun, sql`true`)
    .where(and(eq(dialogs.dialogId, sql.placeholder("dialogId")), eq(dialogs.userId, sql.placeholder("userId"))))
    .orderBy(asc(newest.seq));
  const execute = prepareDecoded(db, query, { name: "list_message_page", decode: decodeMessage });
  return async (page) => {
    const rows = await execute({ ...page });
    return rows.length === 0 ? undefined : rows.filter((row) => row !== undefined);
  };
}
