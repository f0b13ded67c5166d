import type { AppRouter } from "@deepbot/api";
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type HTTPLinkOptions,
  type TRPCClient,
} from "@trpc/client";
import { watchRequest, type Connection } from "./connection.ts";

export type Client = TRPCClient<AppRouter>;

type Fetch = NonNullable<HTTPLinkOptions<AppRouter["_def"]["_config"]["$types"]>["fetch"]>;

const url = "/trpc";

/** The server takes no more calls in one request, and no longer addresses. */
const batchLimits = { maxItems: 10, maxURLLength: 2048 };

/**
 * The one door to the platform. What changes something travels alone: a cookie cannot be set from within a batch, and
 * no answer should wait for a slower neighbour. So does the export, which may be long.
 *
 * @param language that of the page, in which the platform words its sentences
 */
export function createClient(connection: Connection, language: () => string): Client {
  const watchedFetch: Fetch = (input, init) => {
    const signal = init?.signal ?? null;
    return watchRequest(connection, () => fetch(input, { ...init, signal }), signal);
  };
  const options = {
    url,
    fetch: watchedFetch,
    headers: () => ({ "accept-language": language() }),
  };
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
