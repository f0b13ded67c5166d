import { randomUUID } from "node:crypto";
import type { AttemptResult, LoggedDelivery } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { testBody } from "./sending/message-bodies.ts";
import type { SendWebhook } from "./sending/send.ts";
import { signMessage } from "./sending/sign.ts";

export interface DeliveryPage {
  deliveries: LoggedDelivery[];
  nextBefore: number | null;
}

/** How operators see whether a webhook works. */
export function createWebhookInspection(
  { statements, shutdown }: Pick<UseCaseDeps, "statements" | "shutdown">,
  send: SendWebhook,
) {
  return {
    /** @throws {AppError} `webhook_not_found` */
    deliveries: async (webhookId: string, page: { before: number | null; limit: number }): Promise<DeliveryPage> => {
      const rows = await statements.listWebhookDeliveries({ webhookId, ...page, limit: page.limit + 1 });
      if (rows.length === 0 && (await statements.findWebhookTarget(webhookId)) === undefined) {
        throw new AppError("webhook_not_found");
      }
      const deliveries = rows.slice(0, page.limit);
      return { deliveries, nextBefore: rows.length > page.limit ? (deliveries.at(-1)?.deliveryId ?? null) : null };
    },

    /**
     * Sends one message and says how it went. It is not logged and does not count, and a disabled webhook gets it too.
     *
     * @throws {AppError} `webhook_not_found`
     */
    test: async (webhookId: string, signal: AbortSignal | undefined): Promise<AttemptResult> => {
      const target = await statements.findWebhookTarget(webhookId);
      if (target === undefined) throw new AppError("webhook_not_found");
      const body = testBody(webhookId);
      const message = { id: `msg_${randomUUID()}`, timestamp: Math.floor(Date.now() / 1000), body };
      const stop = signal === undefined ? shutdown : AbortSignal.any([signal, shutdown]);
      return send({ url: target.url, headers: signMessage(target.secrets, message), body }, stop);
    },
  };
}
