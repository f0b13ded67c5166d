import { limits } from "@deepbot/contract";
import type { Pseudonym } from "../identity/pseudonym.ts";
import type { ClaimRuns } from "../runs/claim.ts";
import type { ReleaseRun } from "../runs/release.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { createDeliveries } from "./dispatch/deliver-due.ts";
import { createWebhookInspection } from "./inspect-webhooks.ts";
import { createWebhookManagement } from "./manage-webhooks.ts";
import { createStartPushing, type StartPushing } from "./dispatch/push-runs.ts";
import { createReportAttempt } from "./dispatch/report-attempt.ts";
import { createSendWebhook } from "./sending/send.ts";
import { createHostSlots } from "./sending/slots.ts";
import { createWebhookTargets } from "./dispatch/targets.ts";

/** Requests to receivers that one server has under way. */
const parallelInAll = 200;

/** What happens by the clock. */
export interface WebhookLoops {
  refresh: () => Promise<void>;
  sendDue: () => Promise<void>;
  startPushing: StartPushing;
  stopDeliveries: () => Promise<void>;
  dropDue: (limit: number) => Promise<number>;
  prune: (limit: number) => Promise<number>;
}

/** Webhooks: their management, and one dispatcher for each server. */
export function createWebhooks(
  deps: UseCaseDeps & { pseudonym: Pseudonym },
  worker: { claim: ClaimRuns; release: ReleaseRun },
) {
  const { statements, settings } = deps;
  const { timeoutMs, allowPrivate, parallelPerHost, keepDays } = settings.webhooks;
  const slots = createHostSlots({ perHost: parallelPerHost, total: parallelInAll });
  const targets = createWebhookTargets(statements, slots);
  const send = createSendWebhook({ timeoutMs, allowPrivate });
  const parts = { ...deps, targets, slots, send, report: createReportAttempt(deps, targets) };
  const deliveries = createDeliveries(parts);
  const loops: WebhookLoops = {
    refresh: targets.refresh,
    sendDue: deliveries.sendDue,
    startPushing: createStartPushing({ ...parts, ...worker }),
    stopDeliveries: deliveries.stop,
    dropDue: (limit) => statements.dropDueDeliveries({ keep: limits.dueDeliveriesMax, limit }),
    prune: (limit) => statements.pruneWebhookDeliveries({ keepDays, keep: limits.loggedDeliveriesMax, limit }),
  };
  return { webhooks: { ...createWebhookManagement(parts), ...createWebhookInspection(deps, send) }, loops };
}
