import { defaultSettings, type Settings } from "@deepbot/api/server";
import { limits } from "@deepbot/contract";
import { whole } from "@deepbot/runtime";
import { z } from "zod";
import { truth } from "./truth.ts";

const { webhooks: defaults } = defaultSettings;

/** Settings about what is sent to receivers. */
export const webhookSettings = {
  WEBHOOKS_PER_ASSISTANT: whole(1, limits.webhooksPerAssistantMax).default(defaults.perAssistant),
  WEBHOOK_TIMEOUT_MS: whole(1_000, 300_000).default(defaults.timeoutMs),
  WEBHOOK_PARALLEL_PER_HOST: whole(1, 200).default(defaults.parallelPerHost),
  WEBHOOK_MAX_FAILURES: whole(1, 10_000).default(defaults.maxFailures),
  WEBHOOK_KEEP_DAYS: whole(1, 365).default(defaults.keepDays),
  WEBHOOK_ALLOW_HTTP: truth.default(defaults.allowHttp),
  WEBHOOK_ALLOW_PRIVATE: truth.default(defaults.allowPrivate),
};

type Values = z.output<z.ZodObject<typeof webhookSettings>>;

export function readWebhookSettings(values: Values): Settings["webhooks"] {
  return {
    perAssistant: values.WEBHOOKS_PER_ASSISTANT,
    timeoutMs: values.WEBHOOK_TIMEOUT_MS,
    parallelPerHost: values.WEBHOOK_PARALLEL_PER_HOST,
    maxFailures: values.WEBHOOK_MAX_FAILURES,
    keepDays: values.WEBHOOK_KEEP_DAYS,
    allowHttp: values.WEBHOOK_ALLOW_HTTP,
    allowPrivate: values.WEBHOOK_ALLOW_PRIVATE,
  };
}
