import type { WebhookEvent } from "@deepbot/contract";
import type { AttemptResult, DisabledWebhook, DueDelivery } from "@deepbot/db";
import type { UseCaseDeps } from "../../use-case-deps.ts";
import { retryDelayMs } from "./back-off.ts";
import type { WebhookTargets } from "./targets.ts";

/** The status by which a receiver says that it wants nothing more. */
const gone = 410;

/** Records how attempts went, and tells of webhooks that are disabled because too many failed. */
export interface ReportAttempt {
  pushed: (webhookId: string, runId: number, attempt: AttemptResult) => Promise<void>;
  delivered: (delivery: DueDelivery, attempt: AttemptResult) => Promise<void>;
}

export function createReportAttempt(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  targets: WebhookTargets,
): ReportAttempt {
  const { maxFailures } = settings.webhooks;
  const tell = async (disabled: DisabledWebhook | undefined): Promise<void> => {
    if (disabled === undefined) return;
    events.emit({ kind: "webhook_disabled", ...disabled });
    await targets.refresh();
  };
  const count = (event: WebhookEvent, { error, durationMs }: AttemptResult): void =>
    events.emit({ kind: "webhook_attempted", event, error, durationMs });
  return {
    pushed: async (webhookId, runId, attempt) => {
      count("run.queued", attempt);
      const limit = { maxFailures, gone: attempt.status === gone };
      await tell(await statements.recordPush({ webhookId, runId, ...attempt, ...limit }));
    },
    delivered: async ({ deliveryId, attempt: number, run }, attempt) => {
      if (run !== null) count("run.ended", attempt);
      const limit = { maxFailures, gone: attempt.status === gone };
      const isOver = attempt.error === null || limit.gone || run === null;
      const retryMs = isOver ? null : retryDelayMs(number);
      const counts = run !== null;
      const finished = { deliveryId, attempt: number, retryMs, counts, ...attempt, ...limit };
      await tell(await statements.finishDelivery(finished));
    },
  };
}
