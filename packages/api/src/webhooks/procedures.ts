import {
  createWebhookInput,
  createWebhookOutput,
  deleteWebhookOutput,
  listDeliveriesInput,
  listDeliveriesOutput,
  listWebhooksInput,
  listWebhooksOutput,
  rotateWebhookOutput,
  testWebhookOutput,
  updateWebhookInput,
  webhookInput,
  webhookOutput,
} from "@deepbot/contract";
import { adminProcedure, router, sync } from "../trpc.ts";
import type { DeliveryPage } from "./inspect-webhooks.ts";
import type { WebhookWithSecret } from "./manage-webhooks.ts";

const tags = ["operator"];

const iso = (moment: Date | null): string | null => moment?.toISOString() ?? null;

function toWireWebhook(webhook: Omit<WebhookWithSecret, "secret">) {
  return {
    webhook_id: webhook.webhookId,
    assistant: webhook.assistant,
    url: webhook.url,
    events: webhook.events,
    secrets: webhook.secretCount,
    failures: webhook.failures,
    created_at: webhook.createdAt.toISOString(),
    disabled_at: iso(webhook.disabledAt),
    disabled_reason: webhook.disabledReason,
  };
}

function toWireDelivery(delivery: DeliveryPage["deliveries"][number]) {
  return {
    delivery_id: delivery.deliveryId,
    event: delivery.event,
    run_id: delivery.runId,
    attempt: delivery.attempt,
    status: delivery.status,
    error: delivery.error,
    duration_ms: delivery.durationMs,
    created_at: delivery.createdAt.toISOString(),
    due_at: iso(delivery.dueAt),
    ended_at: iso(delivery.endedAt),
  };
}

export const webhooksRouter = router({
  list: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/operator/assistants/{slug}/webhooks",
        tags,
        summary: "List webhooks",
        description: "The webhooks of an assistant, without their secrets.",
      },
      errors: ["assistant_not_found"],
    })
    .input(sync(listWebhooksInput))
    .output(sync(listWebhooksOutput))
    .query(async ({ ctx, input }) => ({
      webhooks: (await ctx.useCases.webhooks.list(input.slug)).map(toWireWebhook),
    })),

  create: adminProcedure
    .meta({
      rateLimit: "change",
      status: 201,
      openapi: {
        method: "POST",
        path: "/operator/assistants/{slug}/webhooks",
        tags,
        summary: "Make a webhook",
        description:
          "Messages are signed by [Standard Webhooks](https://www.standardwebhooks.com). `run.queued` carries what a claim returns, with `confirm_within_ms`: a first report within that time, under a service key of the receiver's own, confirms that it has the run; a response other than 2xx gives the run back. `run.ended` is repeated for hours until a 2xx. A message may come more than once, with the same `webhook-id`.",
      },
      errors: ["assistant_not_found", "webhook_limit", "webhook_url_refused"],
    })
    .input(sync(createWebhookInput))
    .output(sync(createWebhookOutput))
    .mutation(async ({ ctx, input }) => {
      const { secret, ...webhook } = await ctx.useCases.webhooks.create(input);
      return { ...toWireWebhook(webhook), secret };
    }),

  update: adminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "PATCH",
        path: "/operator/webhooks/{webhook_id}",
        tags,
        summary: "Change a webhook",
        description:
          "Changes what is given and keeps the rest. `enabled: true` enables a webhook that failed too often, and `end_previous_secret` ends the older of two secrets.",
      },
      errors: ["webhook_not_found", "webhook_url_refused"],
    })
    .input(sync(updateWebhookInput))
    .output(sync(webhookOutput))
    .mutation(async ({ ctx, input: { webhook_id, end_previous_secret: endPreviousSecret, ...changes } }) =>
      toWireWebhook(await ctx.useCases.webhooks.update(webhook_id, { ...changes, endPreviousSecret })),
    ),

  remove: adminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "DELETE",
        path: "/operator/webhooks/{webhook_id}",
        tags,
        summary: "Delete a webhook",
        description: "Its log goes with it, and what is still to be sent.",
      },
      errors: ["webhook_not_found"],
    })
    .input(sync(webhookInput))
    .output(sync(deleteWebhookOutput))
    .mutation(async ({ ctx, input: { webhook_id } }) => {
      await ctx.useCases.webhooks.remove(webhook_id);
      return { webhook_id };
    }),

  rotate: adminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/operator/webhooks/{webhook_id}/rotate",
        tags,
        summary: "Give a webhook a new secret",
        description:
          "Both secrets sign from now on, until the next rotation or until a change with `end_previous_secret`.",
      },
      errors: ["webhook_not_found"],
    })
    .input(sync(webhookInput))
    .output(sync(rotateWebhookOutput))
    .mutation(async ({ ctx, input }) => {
      const { secret, ...webhook } = await ctx.useCases.webhooks.rotate(input.webhook_id);
      return { ...toWireWebhook(webhook), secret };
    }),

  deliveries: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/operator/webhooks/{webhook_id}/deliveries",
        tags,
        summary: "Read the log of a webhook",
        description: "Attempts at handing questions over and at telling how runs ended, in pages, without the texts.",
      },
      errors: ["webhook_not_found"],
    })
    .input(sync(listDeliveriesInput))
    .output(sync(listDeliveriesOutput))
    .query(async ({ ctx, input: { webhook_id, before = null, limit } }) => {
      const { deliveries, nextBefore } = await ctx.useCases.webhooks.deliveries(webhook_id, { before, limit });
      return { deliveries: deliveries.map(toWireDelivery), next_before: nextBefore };
    }),

  test: adminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/operator/webhooks/{webhook_id}/test",
        tags,
        summary: "Try a webhook",
        description:
          "Sends `webhook.test` once, to a disabled webhook too, and says how it went. It is not in the log and does not count.",
      },
      errors: ["webhook_not_found"],
    })
    .input(sync(webhookInput))
    .output(sync(testWebhookOutput))
    .mutation(async ({ ctx, input: { webhook_id }, signal }) => {
      const { status, error, durationMs } = await ctx.useCases.webhooks.test(webhook_id, signal);
      return { webhook_id, status, error, duration_ms: durationMs };
    }),
});
