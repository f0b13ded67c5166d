import { defaultLocale, type claimOutput } from "@deepbot/contract";
import type { ClaimedRun } from "@deepbot/db";
import type { z } from "zod";
import type { Pseudonym } from "../identity/pseudonym.ts";
import type { ServiceKey } from "../identity/service-key.ts";

export interface ClaimContext {
  key: Pick<ServiceKey, "assistantIds">;
  pseudonym: Pseudonym;
}

/**
 * A run as a worker gets it. The owner's id is the same for all assistants, so keys of some get only what stands for the person
 * there.
 */
export function toWireClaim(
  run: ClaimedRun,
  { key, pseudonym }: ClaimContext,
): z.input<typeof claimOutput>["runs"][number] {
  const { locale = defaultLocale, traceparent } = run.metadata ?? {};
  return {
    run_id: run.runId,
    dialog_id: run.dialogId,
    assistant: run.assistant,
    user: pseudonym(run),
    ...(key.assistantIds === null ? { user_id: run.userId } : {}),
    locale,
    ...(traceparent === undefined ? {} : { traceparent }),
    attempt: run.attempt,
    max_attempts: run.maxAttempts,
    lease_token: run.leaseToken,
    lease_until: run.leaseUntil.toISOString(),
    deadline_at: run.deadlineAt.toISOString(),
    messages: run.messages.map(({ messageId, role, content }) => ({ message_id: messageId, role, content })),
  };
}
