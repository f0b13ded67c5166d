import { z } from "zod";
import { limits } from "../limits.ts";
import { webhookEvents } from "../service-keys.ts";
import { slug } from "./assistants.ts";
import { id, shortText, text, timestamp, uuid } from "./fields.ts";

const url = text({
  min: 1,
  max: limits.webhookUrlMax,
  description: "An https address of a public host, without user name and password. Redirects are not followed",
});

const events = z
  .array(z.enum(webhookEvents))
  .min(1)
  .max(webhookEvents.length)
  .describe(
    "`run.queued` hands a question over, as a claim does; `run.ended` tells how a run ended; `feedback.created` is reserved",
  );

const webhookId = uuid("Id of the webhook");

const heard = z.array(z.enum(webhookEvents)).meta({ description: "What it hears of", maxItems: webhookEvents.length });

const webhookFields = {
  webhook_id: webhookId,
  assistant: shortText("Slug of its assistant", limits.assistantSlugMax),
  url: shortText("Where its messages go", limits.webhookUrlMax),
  events: heard,
  secrets: z.int().describe("How many secrets sign its messages: two from a rotation to the end of the older one"),
  failures: z.int().describe("Deliveries in a row that failed"),
  created_at: timestamp("When it was made"),
  disabled_at: timestamp("When it was disabled; null while it is active").nullable(),
  disabled_reason: shortText(
    "`operator`, `failures` (too many in a row) or `gone` (the receiver responded with 410)",
    20,
  ).nullable(),
};

const webhook = z.object(webhookFields).meta({ id: "Webhook" });

const webhookWithSecret = z
  .object({
    ...webhookFields,
    secret: shortText(
      "Signs the messages, by Standard Webhooks. It is shown this once and cannot be read again",
      limits.webhookSecretMax,
    ),
  })
  .meta({ id: "NewWebhook" });

const assistant = { slug: slug("The assistant") };

export const listWebhooksInput = z.strictObject(assistant);

export const listWebhooksOutput = z.object({
  webhooks: z.array(webhook).meta({ description: "Oldest first", maxItems: limits.webhooksPerAssistantMax }),
});

export const createWebhookInput = z.strictObject({ ...assistant, url, events });

export const createWebhookOutput = webhookWithSecret;

export const updateWebhookInput = z.strictObject({
  webhook_id: webhookId,
  url: url.optional(),
  events: events.optional(),
  enabled: z
    .boolean()
    .optional()
    .describe(
      "`true` enables it again and forgets its failures; `false` disables it and drops what is still to be sent",
    ),
  end_previous_secret: z.literal(true).optional().describe("Ends the older of two secrets"),
});

export const webhookOutput = webhook;

export const webhookInput = z.strictObject({ webhook_id: webhookId });

export const deleteWebhookOutput = z.object({ webhook_id: uuid("Id of the webhook that was deleted") });

export const rotateWebhookOutput = webhookWithSecret;

const attemptFields = {
  status: z.int().nullable().describe("HTTP status of the last response; null if there was none"),
  error: shortText(
    "What went wrong with the last attempt: `status`, `redirect`, `timeout`, `connection`, `dns`, `tls`, `malformed`, `address_refused`, `run_deleted`, `disabled`, `dropped` (too many were due) or `stopped`; null if nothing did",
    20,
  ).nullable(),
  duration_ms: z.int().nullable().describe("Duration of the last attempt"),
};

export const testWebhookOutput = z.object({ webhook_id: webhookId, ...attemptFields });

export const listDeliveriesInput = z.strictObject({
  webhook_id: webhookId,
  before: z.int().min(1).optional().describe("The `next_before` of the page that came last"),
  limit: z
    .int()
    .min(1)
    .max(limits.deliveryPageMax)
    .default(limits.deliveryPageDefault)
    .describe("How many deliveries at most"),
});

export const listDeliveriesOutput = z.object({
  deliveries: z
    .array(
      z
        .object({
          delivery_id: id("Id of the delivery"),
          event: z.enum(webhookEvents),
          run_id: z.int().nullable().describe("The run it is about"),
          attempt: z.int().describe("Attempts that were made"),
          ...attemptFields,
          created_at: timestamp("When it became due for the first time"),
          due_at: timestamp("When it is sent, or sent again; null when it is over").nullable(),
          ended_at: timestamp("When it was over").nullable(),
        })
        .meta({ id: "Delivery" }),
    )
    .meta({ description: "Newest first", maxItems: limits.deliveryPageMax }),
  next_before: z.int().nullable().describe("`before` for the next page; null when this is the last"),
});
