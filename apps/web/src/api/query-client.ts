import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { noteFailure, type Connection } from "./connection.ts";
import { isPassing, isSignedOut } from "./failure.ts";

const maxRetryDelayMs = 8_000;

/** 0.5 s, then twice as long each time. */
export function retryDelayMs(attempt: number): number {
  return Math.min(500 * 2 ** attempt, maxRetryDelayMs);
}

interface Listeners {
  /** Something was changed by this page. */
  onChange: () => void;
  /** A call was refused because the session is over. */
  onSignedOut: () => void;
}

/**
 * The cache of what the platform said. Calls are made whether or not the browser thinks that it is online: the platform
 * may run on this very machine.
 */
export function createQueryClient(connection: Connection, { onChange, onSignedOut }: Listeners): QueryClient {
  const onError = (error: unknown): void => {
    noteFailure(connection, error);
    if (isSignedOut(error)) onSignedOut();
  };
  const onReached = (): void => connection.set("reached");
  return new QueryClient({
    queryCache: new QueryCache({
      onSuccess: onReached,
      // That nobody is signed in is what the query about it is there to find out.
      onError: (error, { queryKey }) => (isMe(queryKey) ? noteFailure(connection, error) : onError(error)),
    }),
    mutationCache: new MutationCache({
      onError,
      onSuccess: (_data, _variables, _context, { meta }) => {
        onReached();
        if (meta?.["changesNothing"] !== true) onChange();
      },
    }),
    defaultOptions: {
      queries: {
        networkMode: "always",
        staleTime: 5_000,
        retry: (failures, error) => isPassing(error) && failures < 3,
        retryDelay: retryDelayMs,
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}

/** Whether a query is the one about who is signed in. tRPC's keys begin with the procedure's path. */
export function isMe([path]: readonly unknown[]): boolean {
  return Array.isArray(path) && path.join(".") === "auth.me";
}
