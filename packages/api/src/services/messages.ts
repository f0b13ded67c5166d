import type { DialogKey, PendingRow } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import type { ServiceDeps } from "./deps.ts";
import type { RunWatches } from "./run-watch.ts";

/** The original worker protocol: no leases, an answer names its dialog only. */
export function createMessageService({ queries, hints, log }: ServiceDeps, runWatches: RunWatches) {
  return {
    /** Every user message of every dialog that awaits an answer, in the order of storing. */
    pending: (): Promise<PendingRow[]> => queries.listPendingMessages(),

    /**
     * Stores a text of the bot: the answer to the dialog's open or unanswered run, or a message of its own. A repeat of
     * the bot's last text is accepted and not stored.
     *
     * @throws {DomainError} `dialog_not_found` when the dialog is not that user's
     */
    reply: async (reply: DialogKey & { text: string }): Promise<void> => {
      const outcome = await queries.storeReply(reply);
      if (outcome.kind === "no_dialog") throw new DomainError("dialog_not_found");
      if (outcome.kind === "repeated") return;
      if (outcome.kind === "answered") runWatches.handOver(outcome.runId, reply.text);
      hints.publish(`dialog:${reply.dialogId}`);
      const fields = { dialog_id: reply.dialogId, user_id: reply.userId };
      if (outcome.kind === "answered") {
        log.info({ event: "run_completed", run_id: outcome.runId, ...fields }, `Run ${outcome.runId} is completed`);
      } else {
        log.info({ event: "bot_message", ...fields }, `The bot wrote to dialog ${reply.dialogId} unasked`);
      }
    },
  };
}
