import { randomUUID } from "node:crypto";
import type { ActiveWebhook, AttemptResult, ClaimedRun } from "@deepbot/db";
import { AppError } from "../../app-error.ts";
import type { Pseudonym } from "../../identity/pseudonym.ts";
import type { ReleaseRun } from "../../runs/release.ts";
import type { UseCaseDeps } from "../../use-case-deps.ts";
import { queuedBody } from "../sending/message-bodies.ts";
import type { RecentPushes } from "./recent-pushes.ts";
import type { ReportAttempt } from "./report-attempt.ts";
import type { SendWebhook } from "../sending/send.ts";
import { signMessage } from "../sending/sign.ts";
import type { WebhookTargets } from "./targets.ts";

export interface PushDeps extends UseCaseDeps {
  targets: WebhookTargets;
  send: SendWebhook;
  release: ReleaseRun;
  report: ReportAttempt;
  pseudonym: Pseudonym;
}

/** Hands a claimed run to a webhook with one request, or gives it back to the queue. */
export type PushRun = (webhook: ActiveWebhook, run: ClaimedRun) => Promise<void>;

export function createPushRun(
  deps: PushDeps,
  { recentPushes, stop }: { recentPushes: RecentPushes; stop: AbortSignal },
): PushRun {
  const { statements, settings, send, release, report, targets, pseudonym } = deps;

  /** Null if the webhook is there no longer. */
  const sendRun = async ({ webhookId }: ActiveWebhook, run: ClaimedRun): Promise<AttemptResult | null> => {
    const target = await statements.findWebhookTarget(webhookId);
    if (target === undefined || !target.isActive) return null;
    const body = queuedBody(run, { confirmWithinMs: settings.webhooks.timeoutMs, pseudonym });
    const message = { id: `msg_${randomUUID()}`, timestamp: Math.floor(Date.now() / 1000), body };
    const attempt = await send({ url: target.url, headers: signMessage(target.secrets, message), body }, stop);
    // A receiver may answer the question before it responds. Its reports say that it is at work.
    const isTaken = attempt.error === "timeout" && (await statements.isRunTaken(run));
    return isTaken ? { ...attempt, error: null } : attempt;
  };

  const giveBack = async ({ runId, leaseToken, keyId }: ClaimedRun): Promise<void> => {
    await release({ runId, leaseToken, keyId }).catch((refusal: unknown) => {
      if (!(refusal instanceof AppError)) throw refusal;
    });
  };

  return async (webhook, run) => {
    recentPushes.add(run, webhook.webhookId);
    const attempt = await sendRun(webhook, run);
    if (attempt === null) {
      recentPushes.remove(run);
      await giveBack(run);
      await targets.refresh();
      return;
    }
    // A receiver that was cut off may have begun to work. If not, the lease runs out.
    if (attempt.error === "stopped") return;
    if (attempt.error !== null) {
      recentPushes.remove(run);
      targets.failed(webhook.webhookId);
    } else if (!recentPushes.hasComeBack(run)) targets.succeeded(webhook.webhookId);
    // After the time-out the lease is over in any case.
    if (attempt.error !== null && attempt.error !== "timeout") await giveBack(run);
    await report.pushed(webhook.webhookId, run.runId, attempt);
  };
}
