import { limits } from "@deepbot/contract";
import type { DialogKey, DialogRow, NumberedMessage, PagedMessage } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { ReapOverdueRuns } from "../runs/reap.ts";
import { createConcurrencyLimiter } from "../shared/concurrency-limiter.ts";
import type { Pages } from "../shared/json-stream.ts";
import { createUserLanes } from "../shared/user-lanes.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { readHistory } from "./read-history.ts";

export interface MessagePage {
  /** Oldest first. */
  messages: PagedMessage[];
  /** `before` for the page of older messages; null when there are none. */
  nextBefore: number | null;
}

/** Histories that a person reads at once: a batch may ask for as many. */
const historiesPerUser = limits.batchMax;

/** Per process. Each holds one or two pages in memory. */
const historiesInAll = 64;

/** Of all the pages that a person reads, so many are read at once: the connections are for everybody. */
const pageReadsPerUser = 2;

/** Reading. A dialog of somebody else counts as missing: `dialog_not_found`. */
export function createDialogReads({ statements }: Pick<UseCaseDeps, "statements">, reapOverdueRuns: ReapOverdueRuns) {
  const limiter = createConcurrencyLimiter({
    perUser: historiesPerUser,
    total: historiesInAll,
    refusal: "too_many_reads",
  });
  const inLane = createUserLanes(pageReadsPerUser);
  const listMessages: typeof statements.listMessages = (range) =>
    inLane(range.userId, () => statements.listMessages(range));

  return {
    /** By rising id. */
    list: (userId: number): Promise<DialogRow[]> => statements.listDialogs(userId),

    /**
     * All messages, oldest first. The caller closes it, read or unread.
     *
     * @throws {AppError} `dialog_not_found`, also while the pages are read; `too_many_reads`
     */
    history: async (dialog: DialogKey): Promise<{ pages: Pages<NumberedMessage>; close: () => void }> => {
      const close = limiter.acquire(dialog.userId);
      try {
        const pages = await readHistory({ listMessages }, dialog);
        if (pages === undefined) throw new AppError("dialog_not_found");
        return { pages, close };
      } catch (error) {
        close();
        throw error;
      }
    },

    /**
     * The newest messages before a `seq`, or of all when that is null: up to `limit`, and fewer when they are long. Overdue
     * runs are reaped first.
     *
     * @throws {AppError} `dialog_not_found`
     */
    messagePage: async (wanted: DialogKey & { before: number | null; limit: number }): Promise<MessagePage> => {
      const page = { ...wanted, maxBytes: limits.pageMaxBytes };
      let messages = await statements.listMessagePage(page);
      if (messages?.some(({ run }) => run?.overdue)) {
        await reapOverdueRuns();
        messages = await statements.listMessagePage(page);
      }
      if (messages === undefined) throw new AppError("dialog_not_found");
      // Numbers have no gaps: there is nothing before the first.
      const [oldest] = messages;
      return { messages, nextBefore: oldest === undefined || oldest.seq === 1 ? null : oldest.seq };
    },

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
