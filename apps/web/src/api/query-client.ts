import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { recordFailure, type Connection } from "./connection.ts";
import { isTransient, isSignedOut } from "./failure.ts";

const maxRetryDelayMs = 8_000;

/** Starts at 0.5 s and doubles with each attempt, up to 8 s. */
export function retryDelayMs(attempt: number): number {
  return Math.min(500 * 2 ** attempt, maxRetryDelayMs);
}

/**
 * The cache of server data. Calls ignore the browser's online state because the server may run on this machine.
 *
 * @param onSignedOut called when a call fails because the session has ended
 */
export function createQueryClient(connection: Connection, onSignedOut: () => void): QueryClient {
  const onError = (error: unknown): void => {
    recordFailure(connection, error);
    if (isSignedOut(error)) onSignedOut();
  };
  const onReached = (): void => connection.set("reached");
  return new QueryClient({
    queryCache: new QueryCache({
      onSuccess: onReached,
      // This query finds out whether anybody is signed in, so a 401 is a normal result for it.
      onError: (error, { queryKey }) => (isMe(queryKey) ? recordFailure(connection, error) : onError(error)),
    }),
    mutationCache: new MutationCache({ onError, onSuccess: onReached }),
    defaultOptions: {
      queries: {
        networkMode: "always",
        staleTime: 5_000,
        retry: (failures, error) => isTransient(error) && failures < 3,
        retryDelay: retryDelayMs,
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}

/** Whether the key belongs to `auth.me`. tRPC's keys begin with the path of the procedure. */
export function isMe([path]: readonly unknown[]): boolean {
  return Array.isArray(path) && path.join(".") === "auth.me";
}

/** Calls back after every successful mutation, except those that are marked as reads with `meta.changesNothing`. */
export function onEveryChange(queryClient: QueryClient, onChange: () => void): void {
  queryClient.getMutationCache().subscribe(({ type, mutation, ...event }) => {
    const isDone = type === "updated" && "action" in event && event.action.type === "success";
    if (isDone && mutation?.meta?.["changesNothing"] !== true) onChange();
  });
}
