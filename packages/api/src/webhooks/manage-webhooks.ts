import type { WebhookEvent } from "@deepbot/contract";
import type { WebhookRow } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { WebhookChange } from "../events/events.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { createWebhookSecret } from "./sending/sign.ts";
import type { WebhookTargets } from "./dispatch/targets.ts";
import { parseWebhookUrl } from "./webhook-url.ts";

interface NewWebhook {
  slug: string;
  url: string;
  events: WebhookEvent[];
}

export interface WebhookChanges {
  url?: string | undefined;
  events?: WebhookEvent[] | undefined;
  enabled?: boolean | undefined;
  endPreviousSecret?: boolean | undefined;
}

/** With the secret that signs from now on, which is not shown again. */
export type WebhookWithSecret = WebhookRow & { secret: string };

function found(webhook: WebhookRow | undefined): WebhookRow {
  if (webhook === undefined) throw new AppError("webhook_not_found");
  return webhook;
}

interface Deps extends Pick<UseCaseDeps, "statements" | "events" | "settings"> {
  targets: WebhookTargets;
}

async function tellChange({ events, targets }: Deps, change: WebhookChange, webhookId: string): Promise<void> {
  events.emit({ kind: "webhook_changed", change, webhookId });
  await targets.refresh();
}

async function createWebhook(deps: Deps, wanted: NewWebhook): Promise<WebhookWithSecret> {
  const { webhooks: settings } = deps.settings;
  const { perAssistant: limit } = settings;
  const secret = createWebhookSecret();
  const url = parseWebhookUrl(wanted.url, settings);
  const inserted = await deps.statements.insertWebhook({ ...wanted, url, secret, limit });
  if (inserted.kind === "no_assistant") throw new AppError("assistant_not_found");
  if (inserted.kind === "limit_reached") throw new AppError("webhook_limit", { limit });
  await tellChange(deps, "created", inserted.webhook.webhookId);
  return { ...inserted.webhook, secret };
}

/** What operators do to webhooks. */
export function createWebhookManagement(deps: Deps) {
  const { statements, settings } = deps;

  return {
    /** @throws {AppError} `assistant_not_found` */
    list: async (slug: string): Promise<WebhookRow[]> => {
      const webhooks = await statements.listWebhooks(slug);
      if (webhooks === undefined) throw new AppError("assistant_not_found");
      return webhooks;
    },

    /** @throws {AppError} `webhook_url_refused`, `assistant_not_found`, `webhook_limit` */
    create: (wanted: NewWebhook): Promise<WebhookWithSecret> => createWebhook(deps, wanted),

    /** @throws {AppError} `webhook_not_found`, `webhook_url_refused` */
    update: async (webhookId: string, changes: WebhookChanges): Promise<WebhookRow> => {
      const { url, events: heard = null, enabled = null, endPreviousSecret = false } = changes;
      const parsed = url === undefined ? null : parseWebhookUrl(url, settings.webhooks);
      const update = { webhookId, url: parsed, events: heard, enabled, endPreviousSecret };
      const webhook = found(await statements.updateWebhook(update));
      await tellChange(deps, enabled === null ? "updated" : enabled ? "enabled" : "disabled", webhookId);
      return webhook;
    },

    /**
     * Makes a secret that signs beside the present one, until the next rotation or until that one is ended.
     *
     * @throws {AppError} `webhook_not_found`
     */
    rotate: async (webhookId: string): Promise<WebhookWithSecret> => {
      const secret = createWebhookSecret();
      const webhook = found(await statements.rotateWebhookSecret({ webhookId, secret }));
      await tellChange(deps, "rotated", webhookId);
      return { ...webhook, secret };
    },

    /** @throws {AppError} `webhook_not_found` */
    remove: async (webhookId: string): Promise<void> => {
      if (!(await statements.deleteWebhook(webhookId))) throw new AppError("webhook_not_found");
      await tellChange(deps, "deleted", webhookId);
    },
  };
}
