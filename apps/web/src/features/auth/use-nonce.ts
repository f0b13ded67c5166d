import { timing } from "@deepbot/contract";
import { useQuery } from "@tanstack/react-query";
import { useTRPCClient } from "../../api/trpc.ts";

export const nonceKey = ["nonce"];

/** The nonce that ties Google's token to this browser; renewed before it expires. Undefined until it is there. */
export function useNonce(): { nonce: string | undefined; hasFailed: boolean } {
  const client = useTRPCClient();
  const { data, isError } = useQuery({
    queryKey: nonceKey,
    queryFn: () => client.auth.nonce.mutate({}),
    staleTime: Infinity,
    gcTime: 0,
    refetchInterval: timing.signInNonceMs / 2,
    refetchIntervalInBackground: true,
  });
  return { nonce: data?.nonce, hasFailed: isError };
}
