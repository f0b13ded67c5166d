import type { RunState } from "@deepbot/contract";
import { and, asc, desc, eq, sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, messages } from "../schema/index.ts";
import type { DialogKey } from "./dialogs.ts";
import { isoTime } from "./iso-time.ts";
import type { MessageRow } from "./messages.ts";
import { prepareDecoded, type BigintCell } from "./prepare-decoded.ts";

/** How long a page may be. */
export interface PageSize {
  limit: number;
  /** Of text: the message that reaches this many bytes is the page's last, so a page is never empty for its sake. */
  maxBytes: number;
}

export interface NumberedMessage extends MessageRow {
  seq: number;
}

type MessageCells = [
  messageId: BigintCell | null,
  userId: BigintCell,
  partial: boolean,
  content: string,
  createdAt: string,
  seq: number,
];

/** An empty page is one row without a message. */
function decodeMessage(cells: readonly [...MessageCells, ...unknown[]]): NumberedMessage | undefined {
  const [messageId, userId, partial, content, createdAt, seq] = cells;
  if (messageId === null) return undefined;
  return {
    messageId: Number(messageId),
    isBot: Number(userId) === botUserId,
    partial,
    content,
    createdAt: isoTime(createdAt),
    seq,
  };
}

/** The columns of a message, and how many bytes of text come before it in an order. Lengths are read without the texts. */
function measuredMessage(order: SQL) {
  return {
    messageId: messages.messageId,
    userId: messages.userId,
    partial: messages.partial,
    content: messages.content,
    createdAt: messages.createdAt,
    seq: messages.seq,
    bytesBefore: sql<number>`sum(octet_length(${messages.content})) over (
      order by ${order} rows between unbounded preceding and current row
    ) - octet_length(${messages.content})`.as("bytes_before"),
  };
}

const ownedDialog = and(
  eq(dialogs.dialogId, sql.placeholder("dialogId")),
  eq(dialogs.userId, sql.placeholder("userId")),
);

export interface MessageRange {
  /** Oldest first. */
  messages: NumberedMessage[];
  /** Of the newest message in the dialog; 0 when it has none. */
  lastSeq: number;
}

/** The messages of a user's dialog with a `seq` above `after`; undefined when the user has no such dialog. */
export type ListMessages = (range: DialogKey & PageSize & { after: number }) => Promise<MessageRange | undefined>;

type RangeCells = [...MessageCells, lastSeq: number];

export function prepareListMessages(db: Db): ListMessages {
  const page = db
    .select(measuredMessage(asc(messages.seq)))
    .from(messages)
    .where(
      sql`${messages.dialogId} = ${sql.placeholder("dialogId")} and ${messages.seq} > ${sql.placeholder("after")}::bigint`,
    )
    .orderBy(asc(messages.seq))
    .limit(sql.placeholder("limit"))
    .as("page");
  const query = db
    .select({
      messageId: page.messageId,
      userId: page.userId,
      partial: page.partial,
      content: page.content,
      createdAt: page.createdAt,
      seq: page.seq,
      lastSeq: dialogs.lastSeq,
    })
    .from(dialogs)
    .leftJoin(page, sql`${page.bytesBefore} < ${sql.placeholder("maxBytes")}::bigint`)
    .where(ownedDialog)
    .orderBy(asc(page.seq));
  const execute = prepareDecoded(db, query, {
    name: "list_messages",
    decode: (cells: RangeCells) => ({ message: decodeMessage(cells), lastSeq: cells[6] }),
  });
  return async (range) => {
    const rows = await execute({ ...range });
    const [first] = rows;
    if (first === undefined) return undefined;
    return { messages: rows.flatMap(({ message }) => message ?? []), lastSeq: first.lastSeq };
  };
}

/** The newest run of a question. */
export interface QuestionRun {
  runId: number;
  state: RunState;
  errorCode: string | null;
  errorMessage: string | null;
  /** Whether it is open past its deadline, so that `reap_runs` will end it. */
  overdue: boolean;
}

export interface PagedMessage extends NumberedMessage {
  /** Null for messages of the bot, and for questions that are older than the table of runs. */
  run: QuestionRun | null;
}

/**
 * The newest messages of a user's dialog with a `seq` below `before`, or of all when that is null; oldest first. Undefined
 * when the user has no such dialog.
 */
export type ListMessagePage = (
  page: DialogKey & PageSize & { before: number | null },
) => Promise<PagedMessage[] | undefined>;

type PageCells = [
  ...MessageCells,
  runId: BigintCell | null,
  state: RunState,
  errorCode: string | null,
  errorMessage: string | null,
  overdue: boolean,
];

function decodePagedMessage(cells: PageCells): PagedMessage | undefined {
  const message = decodeMessage(cells);
  const [, , , , , , runId, state, errorCode, errorMessage, overdue] = cells;
  const run = runId === null ? null : { runId: Number(runId), state, errorCode, errorMessage, overdue };
  return message && { ...message, run };
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
    .select(measuredMessage(desc(messages.seq)))
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
    .leftJoin(newest, sql`${newest.bytesBefore} < ${sql.placeholder("maxBytes")}::bigint`)
    .leftJoin(newestRun, sql`true`)
    .where(ownedDialog)
    .orderBy(asc(newest.seq));
  const execute = prepareDecoded(db, query, { name: "list_message_page", decode: decodePagedMessage });
  return async (page) => {
    const rows = await execute({ ...page });
    return rows.length === 0 ? undefined : rows.filter((row) => row !== undefined);
  };
}
