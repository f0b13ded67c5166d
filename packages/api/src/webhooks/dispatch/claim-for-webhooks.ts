import { limits } from "@deepbot/contract";
import { webhookKeyId, type ClaimedRun } from "@deepbot/db";
import type { ClaimRuns } from "../../runs/claim.ts";

/** Name of the worker that claims for webhooks. */
const workerName = "webhook";

/** Claims a run of one of the assistants, waiting for it. Its lease ends after `confirmWithinMs` unless a report confirms it. */
export async function claimForWebhooks(
  claim: ClaimRuns,
  { assistantIds, confirmWithinMs }: { assistantIds: readonly number[]; confirmWithinMs: number },
  signal: AbortSignal,
): Promise<ClaimedRun | undefined> {
  const [run] = await claim(
    {
      key: { keyId: webhookKeyId, scopes: ["runs"], assistantIds },
      worker: workerName,
      assistants: undefined,
      max: 1,
      capacity: null,
      waitMs: limits.claimWaitMaxMs,
      leaseMs: Math.max(limits.leaseDefaultMs, confirmWithinMs),
      confirmWithinMs,
      historyLimit: limits.historyDefault,
      maxBytes: limits.historyDefaultBytes,
      fallback: false,
    },
    signal,
  );
  return run;
}
