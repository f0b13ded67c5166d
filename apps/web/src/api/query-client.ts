import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
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
export function createQueryClient({ onChange, onSignedOut }: Listeners): QueryClient {
  const onError = (error: unknown): void => {
    if (isSignedOut(error)) onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError, onSuccess: onChange }),
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
