import { defaultAssistantId, type ClaimedRun } from "@deepbot/db";
import { limits } from "@deepbot/contract";
import type { ClaimRuns } from "../../runs/claim.ts";

/** A run with the assistant that is asked. */
export type PushedRun = ClaimedRun & { assistantId: number };

/** Name of the worker that claims for webhooks. */
const workerName = "webhook";

/**
 * Claims a run of one of the assistants, waiting for it. Its lease ends after `confirmWithinMs` unless a report confirms it.
 * Claims name no assistants yet, and every run is of the first one.
 */
export async function claimForWebhooks(
  claim: ClaimRuns,
  { assistantIds, confirmWithinMs }: { assistantIds: readonly number[]; confirmWithinMs: number },
  signal: AbortSignal,
): Promise<PushedRun | undefined> {
  const isServed = assistantIds.includes(defaultAssistantId);
  const [run] = await claim(
    {
      worker: workerName,
      max: 1,
      waitMs: limits.claimWaitMaxMs,
      leaseMs: Math.max(limits.leaseDefaultMs, confirmWithinMs),
      confirmWithinMs,
      historyLimit: limits.historyDefault,
      maxBytes: limits.historyDefaultBytes,
      fallback: false,
    },
    isServed ? signal : AbortSignal.abort(),
  );
  return run === undefined ? undefined : { ...run, assistantId: defaultAssistantId };
}
