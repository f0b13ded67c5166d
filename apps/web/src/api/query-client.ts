import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { noteFailure, type Connection } from "./connection.ts";
import { isPassing, isSignedOut } from "./failure.ts";

const maxRetryDelayMs = 8_000;

/** 0.5 s, then twice as long each time. */
export function retryDelayMs(attempt: number): number {
  return Math.min(500 * 2 ** attempt, maxRetryDelayMs);
}

/**
 * The cache of what the platform said. Calls are made whether or not the browser thinks that it is online: the platform
 * may run on this very machine.
 *
 * @param onSignedOut a call was refused because the session is over
 */
export function createQueryClient(connection: Connection, onSignedOut: () => void): QueryClient {
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
    mutationCache: new MutationCache({ onError, onSuccess: onReached }),
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

/** Calls back whenever this page has changed something. Mutations that only read say so in their meta. */
export function onEveryChange(queryClient: QueryClient, onChange: () => void): void {
  queryClient.getMutationCache().subscribe(({ type, mutation, ...event }) => {
    const isDone = type === "updated" && "action" in event && event.action.type === "success";
    if (isDone && mutation?.meta?.["changesNothing"] !== true) onChange();
  });
}
