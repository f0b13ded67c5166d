import type { AppRouter, Outputs } from "@deepbot/api";
import { createTRPCClient, httpLink, type TRPCClient } from "@trpc/client";

/** The platform's procedures. */
export type Platform = TRPCClient<AppRouter>;

/** A run as a claim gives it. */
export type ClaimedRun = Outputs["worker"]["claim"]["runs"][number];

export type DialogMessage = ClaimedRun["messages"][number];

/** A plain link, not a batching one: a long poll in a batch would hold the heartbeats beside it back. */
export function createPlatform({ url, messagesKey }: { url: string; messagesKey: string }): Platform {
  return createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${url}/trpc`, headers: { "x-messages-key": messagesKey } })],
  });
}

/** A signal for one call: it also aborts when the platform takes longer than `timeoutMs`. */
export function callSignal(timeoutMs: number, signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}
