import type { DialogKey, DialogRow, MessageRow, PagedMessage } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import type { ServiceDeps } from "./deps.ts";
import type { Settler } from "./settler.ts";

export interface MessagePage {
  /** Oldest first. */
  messages: PagedMessage[];
  /** `before` for the page of older messages; null when there are none. */
  nextBefore: number | null;
}

/** A person's dialogs. A dialog of somebody else is as good as none: `dialog_not_found`. */
export function createDialogService({ queries, hints, log, settings }: ServiceDeps, settler: Settler) {
  return {
    list: (userId: number): Promise<DialogRow[]> => queries.listDialogs(userId),

    /** @throws {DomainError} `dialog_limit` */
    create: async (userId: number, dialogName: string): Promise<number> => {
      const limit = settings.dialogsPerUser;
      const dialogId = await queries.insertDialog({ userId, dialogName, limit });
      if (dialogId === undefined) throw new DomainError("dialog_limit", { limit });
      log.info(
        { event: "dialog_created", user_id: userId, dialog_id: dialogId },
        `User ${userId} created dialog ${dialogId}`,
      );
      return dialogId;
    },

    /** @throws {DomainError} `dialog_not_found` */
    rename: async ({ dialogId, userId }: DialogKey, dialogName: string): Promise<void> => {
      if (!(await queries.renameDialog({ dialogId, userId, dialogName }))) throw new DomainError("dialog_not_found");
      log.info(
        { event: "dialog_renamed", user_id: userId, dialog_id: dialogId },
        `User ${userId} renamed dialog ${dialogId}`,
      );
    },

    /**
     * Deletes a dialog with all that is in it; who waits for an answer there is told so.
     *
     * @throws {DomainError} `dialog_not_found`
     */
    remove: async ({ dialogId, userId }: DialogKey): Promise<void> => {
      if (!(await queries.deleteDialog({ dialogId, userId }))) throw new DomainError("dialog_not_found");
      hints.publish(`dialog:${dialogId}`);
      log.info(
        { event: "dialog_deleted", user_id: userId, dialog_id: dialogId },
        `User ${userId} deleted dialog ${dialogId}`,
      );
    },

    /**
     * All messages, oldest first.
     *
     * @throws {DomainError} `dialog_not_found`
     */
    messages: async (dialog: DialogKey): Promise<MessageRow[]> => {
      const messages = await queries.listMessages(dialog);
      if (messages === undefined) throw new DomainError("dialog_not_found");
      return messages;
    },

    /**
     * The newest messages before a `seq`, or of all when that is null. Runs past their deadline are ended first.
     *
     * @throws {DomainError} `dialog_not_found`
     */
    messagePage: async (wanted: DialogKey & { before: number | null; limit: number }): Promise<MessagePage> => {
      let messages = await queries.listMessagePage(wanted);
      if (messages?.some(({ run }) => run?.overdue)) {
        await settler.settle();
        messages = await queries.listMessagePage(wanted);
      }
      if (messages === undefined) throw new DomainError("dialog_not_found");
      // Numbers have no gaps: before the first there is nothing.
      const [oldest] = messages;
      return { messages, nextBefore: oldest === undefined || oldest.seq === 1 ? null : oldest.seq };
    },

    /**
     * Whether an answer is awaited. A run past its deadline is ended first.
     *
     * @throws {DomainError} `dialog_not_found`
     */
    flag: async (dialog: DialogKey): Promise<boolean> => {
      const status = await queries.findDialogStatus(dialog);
      if (status === undefined) throw new DomainError("dialog_not_found");
      if (!status.overdue) return status.statusFlag;
      await settler.settle();
      return (await queries.findDialogStatus(dialog))?.statusFlag ?? false;
    },
  };
}
