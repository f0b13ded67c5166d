import type { DialogKey, DialogRow, MessageRow, PagedMessage } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { ReapOverdueRuns } from "../runs/reap.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

export interface MessagePage {
  /** Oldest first. */
  messages: PagedMessage[];
  /** `before` for the page of older messages; null when there are none. */
  nextBefore: number | null;
}

/** Reading. A dialog of somebody else counts as missing: `dialog_not_found`. */
export function createDialogReads({ statements }: Pick<UseCaseDeps, "statements">, reapOverdueRuns: ReapOverdueRuns) {
  return {
    /** By rising id. */
    list: (userId: number): Promise<DialogRow[]> => statements.listDialogs(userId),

    /**
     * All messages, oldest first.
     *
     * @throws {AppError} `dialog_not_found`
     */
    messages: async (dialog: DialogKey): Promise<MessageRow[]> => {
      const messages = await statements.listMessages(dialog);
      if (messages === undefined) throw new AppError("dialog_not_found");
      return messages;
    },

    /**
     * The newest messages before a `seq`, or of all when that is null. Overdue runs are reaped first.
     *
     * @throws {AppError} `dialog_not_found`
     */
    messagePage: async (wanted: DialogKey & { before: number | null; limit: number }): Promise<MessagePage> => {
      let messages = await statements.listMessagePage(wanted);
      if (messages?.some(({ run }) => run?.overdue)) {
        await reapOverdueRuns();
        messages = await statements.listMessagePage(wanted);
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
