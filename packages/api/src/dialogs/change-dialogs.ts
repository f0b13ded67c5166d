import { defaultAssistantSlug, type DialogKey, type Statements } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { ReapOverdueRuns } from "../runs/reap.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** How often a move is tried: an overdue run is ended in between. */
const maxTries = 5;

interface MoveDeps extends Pick<UseCaseDeps, "statements" | "events"> {
  reapOverdueRuns: ReapOverdueRuns;
}

/** @throws {AppError} `assistant_not_found`, `assistant_disabled` */
async function findEnabled({ findAssistants }: Pick<Statements, "findAssistants">, slug: string): Promise<number> {
  const [assistant] = await findAssistants([slug]);
  if (assistant === undefined) throw new AppError("assistant_not_found");
  if (assistant.disabledAt !== null) throw new AppError("assistant_disabled");
  return assistant.assistantId;
}

/** Removes what keeps a dialog from being moved, or says what it is. */
async function clearWay(
  { statements, reapOverdueRuns }: MoveDeps,
  dialog: DialogKey,
  assistant: string,
): Promise<void> {
  const conflict = await statements.findSendConflict({ ...dialog, clientMessageId: null });
  if (conflict === undefined) throw new AppError("dialog_not_found");
  await findEnabled(statements, assistant);
  if (conflict.overdue) await reapOverdueRuns();
  else if (conflict.openRunId !== null) throw new AppError("answer_awaited", { run_id: conflict.openRunId });
}

async function moveDialog(deps: MoveDeps, dialog: DialogKey, assistant: string): Promise<string> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const dialogName = await deps.statements.moveDialog({ ...dialog, assistant });
    if (dialogName !== undefined) {
      deps.events.emit({ kind: "dialog_changed", change: "moved", ...dialog });
      return dialogName;
    }
    await clearWay(deps, dialog, assistant);
  }
  throw new AppError("answer_awaited");
}

/** Creating, renaming, moving and deleting. A dialog of somebody else counts as missing: `dialog_not_found`. */
export function createDialogChanges(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  reapOverdueRuns: ReapOverdueRuns,
) {
  return {
    /** @throws {AppError} `assistant_not_found`, `assistant_disabled`, `dialog_limit` */
    create: async (userId: number, dialogName: string, assistant = defaultAssistantSlug): Promise<number> => {
      const limit = settings.dialogsPerUser;
      const chosen =
        assistant === defaultAssistantSlug ? {} : { assistantId: await findEnabled(statements, assistant) };
      const dialogId = await statements.insertDialog({ userId, dialogName, limit, ...chosen });
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
     * Gives a dialog to another assistant, which answers from now on.
     *
     * @returns the name of the dialog
     * @throws {AppError} `dialog_not_found`, `assistant_not_found`, `assistant_disabled`; `answer_awaited` (with `run_id`)
     */
    move: (dialog: DialogKey, assistant: string): Promise<string> =>
      moveDialog({ statements, events, reapOverdueRuns }, dialog, assistant),

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
