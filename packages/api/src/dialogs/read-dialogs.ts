import { limits } from "@deepbot/contract";
import type { DialogKey, DialogRow, NumberedMessage, PagedMessage, Statements } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { ReapOverdueRuns } from "../runs/reap.ts";
import { createConcurrencyLimiter } from "../shared/concurrency-limiter.ts";
import type { Pages } from "../shared/json-stream.ts";
import { createUserLanes } from "../shared/user-lanes.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { readHistory } from "./read-history.ts";

type PageOfDialog = DialogKey & { before: number | null; limit: number };

export interface MessagePage {
  /** Oldest first. */
  messages: PagedMessage[];
  /** `before` for the page of older messages; null when there are none. */
  nextBefore: number | null;
}

/** What a person reads at once: asked for, and not yet taken by the client. A batch may ask for ten histories. */
const perUser = { histories: limits.batchMax, pages: 30 };

/** The same for all persons of a process. A history holds one or two pages in memory. */
const inAll = { histories: 64, pages: 600 };

/** Of the pages of all its histories, so many are read for a person at once: the connections are for everybody. */
const pageReadsPerUser = 2;

/** Something that takes a place until the caller closes it, read or unread. */
export type Held<Value> = Value & { close: () => void };

async function hold<Value extends object>(close: () => void, read: () => Promise<Value>): Promise<Held<Value>> {
  try {
    return { ...(await read()), close };
  } catch (error) {
    close();
    throw error;
  }
}

function createPageRead({ listMessagePage }: Statements, reapOverdueRuns: ReapOverdueRuns) {
  return async (wanted: PageOfDialog): Promise<MessagePage> => {
    const page = { ...wanted, maxBytes: limits.pageMaxBytes };
    let messages = await listMessagePage(page);
    if (messages?.some(({ run }) => run?.overdue)) {
      await reapOverdueRuns();
      messages = await listMessagePage(page);
    }
    if (messages === undefined) throw new AppError("dialog_not_found");
    // Numbers have no gaps: there is nothing before the first.
    const [oldest] = messages;
    return { messages, nextBefore: oldest === undefined || oldest.seq === 1 ? null : oldest.seq };
  };
}

/** Reading. A dialog of somebody else counts as missing: `dialog_not_found`. */
export function createDialogReads({ statements }: Pick<UseCaseDeps, "statements">, reapOverdueRuns: ReapOverdueRuns) {
  const refusal = "too_many_reads";
  const histories = createConcurrencyLimiter({ perHolder: perUser.histories, total: inAll.histories, refusal });
  const pages = createConcurrencyLimiter({ perHolder: perUser.pages, total: inAll.pages, refusal });
  const inLane = createUserLanes(pageReadsPerUser);
  const listMessages: typeof statements.listMessages = (range) =>
    inLane(range.userId, () => statements.listMessages(range));
  const readPage = createPageRead(statements, reapOverdueRuns);

  return {
    /** By rising id. */
    list: (userId: number): Promise<DialogRow[]> => statements.listDialogs(userId),

    /**
     * All messages, oldest first.
     *
     * @throws {AppError} `dialog_not_found`, also while the pages are read; `too_many_reads`
     */
    history: async (dialog: DialogKey): Promise<Held<{ pages: Pages<NumberedMessage> }>> =>
      hold(histories.acquire(dialog.userId), async () => {
        const found = await readHistory({ listMessages }, dialog);
        if (found === undefined) throw new AppError("dialog_not_found");
        return { pages: found };
      }),

    /**
     * The newest messages before a `seq`, or of all when that is null: up to `limit`, and fewer when they are long. Overdue
     * runs are reaped first.
     *
     * @throws {AppError} `dialog_not_found`; `too_many_reads`
     */
    messagePage: async (wanted: PageOfDialog): Promise<Held<MessagePage>> =>
      hold(pages.acquire(wanted.userId), () => readPage(wanted)),

    /**
     * Whether an answer is awaited. An overdue run is reaped first.
     *
     * @throws {AppError} `dialog_not_found`
     */
    isAnswerAwaited: async (dialog: DialogKey): Promise<boolean> => {
      const status = await statements.findDialogStatus(dialog);
      if (status === undefined) throw new AppError("dialog_not_found");
      if (!status.overdue) return status.statusFlag;
      await reapOverdueRuns();
      return (await statements.findDialogStatus(dialog))?.statusFlag ?? false;
    },
  };
}
