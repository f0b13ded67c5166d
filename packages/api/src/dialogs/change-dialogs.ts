import type { DialogKey } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** Creating, renaming and deleting. A dialog of somebody else counts as missing: `dialog_not_found`. */
export function createDialogChanges({
  statements,
  events,
  settings,
}: Pick<UseCaseDeps, "statements" | "events" | "settings">) {
  return {
    /** @throws {AppError} `dialog_limit` */
    create: async (userId: number, dialogName: string): Promise<number> => {
      const limit = settings.dialogsPerUser;
      const dialogId = await statements.insertDialog({ userId, dialogName, limit });
      if (dialogId === undefined) throw new AppError("dialog_limit", { limit });
      events.emit({ kind: "dialog_changed", change: "created", dialogId, userId });
      return dialogId;
    },

    /** @throws {AppError} `dialog_not_found` */
    rename: async (dialog: DialogKey, dialogName: string): Promise<void> => {
      if (!(await statements.renameDialog({ ...dialog, dialogName }))) throw new AppError("dialog_not_found");
      events.emit({ kind: "dialog_changed", change: "renamed", ...dialog });
    },

    /**
     * Deletes a dialog with everything in it. Callers that wait for an answer there are told.
     *
     * @throws {AppError} `dialog_not_found`
     */
    remove: async (dialog: DialogKey): Promise<void> => {
      if (!(await statements.deleteDialog(dialog))) throw new AppError("dialog_not_found");
      events.emit({ kind: "dialog_changed", change: "deleted", ...dialog });
    },
  };
}
