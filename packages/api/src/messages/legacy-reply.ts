import { limits } from "@deepbot/contract";
import type { DialogKey, PendingRow } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { ServiceKey } from "../identity/service-key.ts";
import type { Presence } from "../presence/presence.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** The original worker protocol: no leases, and a reply names its dialog only. */
export function createLegacyProtocol(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  presence: Pick<Presence, "readLegacy">,
) {
  return {
    /** The questions that await an answer, with those before them in their dialogs, in the order of storing. */
    listPending: (key: ServiceKey): Promise<PendingRow[]> => {
      presence.readLegacy(key);
      return statements.listPendingMessages({
        maxBytes: limits.pendingMaxBytes,
        maxDialogs: limits.pendingMaxDialogs,
        dialogMaxBytes: limits.pendingDialogMaxBytes,
        maxEarlier: limits.pendingDialogMaxEarlier,
      });
    },

    /**
     * Stores a text of the bot: the answer to the open or unanswered run of the dialog, or an unsolicited message. A repeat
     * of the bot's last text is accepted and not stored.
     *
     * @throws {AppError} `dialog_not_found` when the dialog does not belong to that user; `dialog_full` when it has no room
     *   for a message that answers nothing
     */
    reply: async ({ text, ...dialog }: DialogKey & { text: string }): Promise<void> => {
      const { dialogId, userId } = dialog;
      const { messagesPerDialog } = settings.quotas;
      const reply = await statements.storeReply({ ...dialog, text, messagesPerDialog });
      switch (reply.kind) {
        case "no_dialog":
          throw new AppError("dialog_not_found");
        case "dialog_full":
          throw new AppError("dialog_full", { limit: reply.limit });
        case "repeated":
          return;
        case "unsolicited":
          events.emit({ kind: "bot_message_stored", dialogId, userId });
          return;
        case "completed": {
          const { runId, from } = reply;
          const run = { runId, dialogId, ownerId: userId, from, to: "completed", answerText: text } as const;
          events.emit({ kind: "run_transition", ...run, actor: "worker", facts: {} });
        }
      }
    },
  };
}
