import type { AppRouter } from "@deepbot/api";
import { limits } from "@deepbot/contract";
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type HTTPLinkOptions,
} from "@trpc/client";
import type { ClientOptions } from "./client-options.ts";
import type { Client } from "./wire.ts";

type Send = NonNullable<HTTPLinkOptions<AppRouter["_def"]["_config"]["$types"]>["fetch"]>;
type SubscriptionOptions = Parameters<typeof httpSubscriptionLink>[0];

interface Connection extends ClientOptions {
  /** Needed where the runtime has no `EventSource`. */
  EventSource?: NonNullable<SubscriptionOptions["EventSource"]>;
}

/** Whether a call gets a request of its own. A cookie cannot be set from within a batch, and an export may be long. */
function travelsAlone({ type, path }: { type: string; path: string }): boolean {
  return type === "mutation" || path === "account.export";
}

/** Creates a client whose streams come through the given `EventSource`. */
export function connect({ url, headers, fetch = globalThis.fetch, EventSource }: Connection): Client {
  const endpoint = `${url}/trpc`;
  const send: Send = (input, init) => fetch(input, { ...init, signal: init?.signal ?? null });
  const options = { url: endpoint, fetch: send, ...(headers === undefined ? {} : { headers }) };
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({ url: endpoint, ...(EventSource === undefined ? {} : { EventSource }) }),
        false: splitLink({
          condition: travelsAlone,
          true: httpLink(options),
          false: httpBatchLink({ ...options, maxItems: limits.batchMax, maxURLLength: limits.batchUrlMaxLength }),
        }),
      }),
    ],
  });
}
