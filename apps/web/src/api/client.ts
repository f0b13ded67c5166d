import type { AppRouter } from "@deepbot/api";
import { createTRPCClient, httpBatchLink, httpLink, httpSubscriptionLink, splitLink, type TRPCClient } from "@trpc/client";
import { createWatchedFetch, type Connection } from "./connection.ts";

export type Client = TRPCClient<AppRouter>;

const url = "/trpc";

/** The server takes no more calls in one request, and no longer addresses. */
const batchLimits = { maxItems: 10, maxURLLength: 2048 };

/**
 * The one door to the platform. What changes something travels alone: a cookie cannot be set from within a batch, and
 * no answer should wait for a slower neighbour. So does the export, which may be long.
 */
export function createClient(connection: Connection): Client {
  const options = { url, fetch: createWatchedFetch(connection) };
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({ url }),
        false: splitLink({
          condition: ({ type, path }) => type === "mutation" || path === "account.export",
          true: httpLink(options),
          false: httpBatchLink({ ...options, ...batchLimits }),
        }),
      }),
    ],
  });
}
