import { at, ids, type Example } from "./example.ts";

/** The webhook of the story; what it tells stands for the receiver of a test. */
export const receiverUrl = "https://ai.example.com/deepbot";

const webhook = {
  webhook_id: ids.webhook,
  assistant: "deepbot",
  url: receiverUrl,
  events: ["run.ended"],
  secrets: 1,
  failures: 0,
  created_at: at(0),
  disabled_at: null,
  disabled_reason: null,
};

const parameters = { webhook_id: ids.webhook };

/** What operators do with webhooks. */
export const webhookExamples: Readonly<Record<string, Example>> = {
  "webhooks.list": { parameters: { slug: "deepbot" }, response: { webhooks: [webhook] } },
  "webhooks.create": {
    parameters: { slug: "deepbot" },
    request: { url: receiverUrl, events: ["run.ended"] },
    response: { ...webhook, secret: "whsec_mH0rJ4nQ8sVtX2zB6dF1gK5lP9wYcE3aT7uI0oR4vNk=" },
  },
  "webhooks.rotate": {
    parameters,
    response: { ...webhook, secrets: 2, secret: "whsec_Zq3xW7vB1nM5kL9jH2gF6dS0aP4oI8uYtR3eWqX7cVb=" },
  },
  "webhooks.update": { parameters, request: { end_previous_secret: true }, response: webhook },
  "webhooks.test": { parameters, response: { ...parameters, status: 204, error: null, duration_ms: 38 } },
  "webhooks.deliveries": {
    parameters: { ...parameters, limit: 50 },
    response: {
      deliveries: [
        {
          delivery_id: 1,
          event: "run.ended",
          run_id: 12,
          attempt: 1,
          status: 204,
          error: null,
          duration_ms: 41,
          created_at: at(1, 9),
          due_at: null,
          ended_at: at(1, 9),
        },
      ],
      next_before: null,
    },
  },
  "webhooks.remove": { parameters, response: parameters },
};
