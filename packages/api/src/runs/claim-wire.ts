import type { claimOutput } from "@deepbot/contract";
import type { ClaimedRun } from "@deepbot/db";
import type { z } from "zod";

/** A run as a worker gets it. */
export function toWireClaim(run: ClaimedRun): z.input<typeof claimOutput>["runs"][number] {
  return {
    run_id: run.runId,
    dialog_id: run.dialogId,
    user_id: run.userId,
    attempt: run.attempt,
    max_attempts: run.maxAttempts,
    lease_token: run.leaseToken,
    lease_until: run.leaseUntil.toISOString(),
    deadline_at: run.deadlineAt.toISOString(),
    messages: run.messages.map(({ messageId, role, content }) => ({ message_id: messageId, role, content })),
  };
}
