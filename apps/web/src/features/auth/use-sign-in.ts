import { useMutation, useQueryClient } from "@tanstack/react-query";
import { isMe } from "../../api/query-client.ts";
import { useTRPC } from "../../api/trpc.ts";
import type { Action } from "../../lib/action.ts";
import { nonceKey } from "./use-nonce.ts";

/** Exchanges an ID token for a session and drops the cached data of the person before. */
export function useSignIn(): Action<{ token: string }> {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.auth.signIn.mutationOptions({
      onSuccess: async () => {
        queryClient.removeQueries({ predicate: ({ queryKey }) => !isMe(queryKey), type: "inactive" });
        await queryClient.refetchQueries(trpc.auth.me.queryFilter());
      },
      // The attempt has used the nonce up.
      onError: () => queryClient.invalidateQueries({ queryKey: nonceKey }),
    }),
  );
}
