import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../api/trpc.ts";
import type { Action } from "../../lib/action.ts";

/** Exchanges an ID token for a session. What was shown to somebody else before is forgotten. */
export function useSignIn(): Action<{ token: string }> {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.auth.signIn.mutationOptions({
      onSuccess: async () => {
        queryClient.removeQueries({ queryKey: trpc.dialogs.pathKey() });
        queryClient.removeQueries({ queryKey: trpc.messages.pathKey() });
        await queryClient.refetchQueries(trpc.auth.me.queryFilter());
      },
    }),
  );
}
