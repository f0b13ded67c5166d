import type { ClaimedRun, DueDelivery, EndedRun } from "@deepbot/db";
import type { Pseudonym } from "../../identity/pseudonym.ts";
import { toWireClaim } from "../../runs/claim-wire.ts";

/** What every message looks like. */
function bodyOf(type: string, timestamp: Date, data: object): string {
  return JSON.stringify({ type, timestamp: timestamp.toISOString(), data });
}

/** What a claim gives, and how soon the first report must come. */
export function queuedBody(
  run: ClaimedRun,
  { confirmWithinMs, pseudonym }: { confirmWithinMs: number; pseudonym: Pseudonym },
): string {
  const claimed = toWireClaim(run, { key: { assistantIds: [run.assistantId] }, pseudonym });
  return bodyOf("run.queued", new Date(), { ...claimed, confirm_within_ms: confirmWithinMs });
}

/** How a run ended. It has no texts of the dialog: a receiver that answers has them already. */
export function endedBody({ runId, createdAt }: DueDelivery, run: EndedRun, pseudonym: Pseudonym): string {
  return bodyOf("run.ended", createdAt, {
    run_id: runId,
    dialog_id: run.dialogId,
    assistant: run.assistant,
    user: pseudonym(run),
    state: run.state,
    attempt: run.attempt,
    created_at: run.createdAt.toISOString(),
    ended_at: run.endedAt?.toISOString() ?? null,
    error: run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage },
    usage: run.usage,
    metadata: run.metadata,
  });
}

/** What an operator's test sends. */
export function testBody(webhookId: string): string {
  return bodyOf("webhook.test", new Date(), { webhook_id: webhookId });
}
