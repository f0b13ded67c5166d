import type { DialogKey, PendingRow } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** The original worker protocol: no leases, and a reply names its dialog only. */
export function createLegacyProtocol({ statements, events }: Pick<UseCaseDeps, "statements" | "events">) {
  return {
    /** Every user message of every dialog that awaits an answer, in the order of storing. */
    listPending: (): Promise<PendingRow[]> => statements.listPendingMessages(),

    /**
     * Stores a text of the bot: the answer to the open or unanswered run of the dialog, or an unsolicited message. A repeat
     * of the bot's last text is accepted and not stored.
     *
     * @throws {AppError} `dialog_not_found` when the dialog does not belong to that user
     */
    reply: async ({ text, ...dialog }: DialogKey & { text: string }): Promise<void> => {
      const { dialogId, userId } = dialog;
      const reply = await statements.storeReply({ ...dialog, text });
      switch (reply.kind) {
        case "no_dialog":
          throw new AppError("dialog_not_found");
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
