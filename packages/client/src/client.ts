import type { AppRouter } from "@deepbot/api";
import { limits } from "@deepbot/contract";
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type HTTPLinkOptions,
  type TRPCClient,
} from "@trpc/client";

/** The platform's procedures, fully typed. */
export type Client = TRPCClient<AppRouter>;

type LinkOptions = HTTPLinkOptions<AppRouter["_def"]["_config"]["$types"]>;
type SubscriptionOptions = Parameters<typeof httpSubscriptionLink>[0];

export interface ClientOptions {
  /** Origin of the platform, such as `http://127.0.0.1:8000`; "" for the page's own origin. */
  url: string;
  /** Sent with every call but not with event streams: an `EventSource` takes no headers. */
  headers?: () => Record<string, string>;
  fetch?: NonNullable<LinkOptions["fetch"]>;
  /** Needed where the runtime has no `EventSource`. */
  EventSource?: NonNullable<SubscriptionOptions["EventSource"]>;
}

/** Whether a call gets a request of its own. A cookie cannot be set from within a batch, and an export may be long. */
function travelsAlone({ type, path }: { type: string; path: string }): boolean {
  return type === "mutation" || path === "account.export";
}

/**
 * Creates a client that batches queries, sends each mutation in a request of its own and receives subscriptions as
 * Server-Sent Events. Nothing is sent until the first call.
 */
export function createClient({ url, headers, fetch, EventSource }: ClientOptions): Client {
  const endpoint = `${url}/trpc`;
  const options = {
    url: endpoint,
    ...(headers === undefined ? {} : { headers }),
    ...(fetch === undefined ? {} : { fetch }),
  };
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
