import { limits } from "@deepbot/contract";
import type { DialogKey, PendingRow } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { ServiceKey } from "../identity/service-key.ts";
import type { Presence } from "../presence/presence.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

const pendingLimits = {
  maxBytes: limits.pendingMaxBytes,
  maxDialogs: limits.pendingMaxDialogs,
  dialogMaxBytes: limits.pendingDialogMaxBytes,
  maxEarlier: limits.pendingDialogMaxEarlier,
};

/** A good key that asks for what is not its own leaves a trace like a wrong one. */
function noteRefusal(events: UseCaseDeps["events"], reason: "foreign_assistant" | "scope_missing"): void {
  events.emit({ kind: "access_refused", credential: "X-Messages-Key", reason });
}

/** The original worker protocol: no leases, and a reply names its dialog only. */
export function createLegacyProtocol(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  presence: Pick<Presence, "readLegacy">,
) {
  return {
    /** The questions to the key's assistants that await an answer, with those before them, in the order of storing. */
    listPending: (key: ServiceKey): Promise<PendingRow[]> => {
      presence.readLegacy(key);
      return statements.listPendingMessages({ assistantIds: key.assistantIds, ...pendingLimits });
    },

    /**
     * Stores a text of the bot: the answer to the open or unanswered run of the dialog, or an unsolicited message. A repeat
     * of the bot's last text is accepted and not stored.
     *
     * @throws {AppError} `scope_missing` when the key may not do what the text would do; `dialog_not_found` when the dialog
     *   belongs to another user, or to an assistant that the key does not reach; `dialog_full` when it has no room for a
     *   message that answers nothing
     */
    reply: async (
      { assistantIds, scopes }: ServiceKey,
      { text, ...dialog }: DialogKey & { text: string },
    ): Promise<void> => {
      const { dialogId, userId } = dialog;
      const { messagesPerDialog } = settings.quotas;
      const reply = await statements.storeReply({ ...dialog, text, assistantIds, messagesPerDialog, scopes });
      switch (reply.kind) {
        case "no_dialog":
          throw new AppError("dialog_not_found");
        case "foreign_assistant":
          noteRefusal(events, "foreign_assistant");
          throw new AppError("dialog_not_found");
        case "not_allowed":
          noteRefusal(events, "scope_missing");
          throw new AppError("scope_missing", { scope: reply.scope });
        case "dialog_full":
          throw new AppError("dialog_full", { limit: reply.limit });
        case "repeated":
          return;
        case "unsolicited":
          events.emit({ kind: "bot_message_stored", dialogId, userId });
          return;
        case "completed": {
          const { runId, assistantId, from } = reply;
          const run = {
            runId,
            dialogId,
            assistantId,
            ownerId: userId,
            from,
            to: "completed",
            answerText: text,
          } as const;
          events.emit({ kind: "run_transition", ...run, actor: "worker", facts: {} });
        }
      }
    },
  };
}
