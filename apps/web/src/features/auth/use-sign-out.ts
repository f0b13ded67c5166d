import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { isMe } from "../../api/query-client.ts";
import { useTRPC } from "../../api/trpc.ts";
import { urls } from "../../app/routes.ts";
import { useServices } from "../../app/services.ts";
import type { Action } from "../../lib/action.ts";
import { forgetTexts } from "../chat/kept-texts.ts";

/** Leaves nothing of a person on this device but the theme and the language. */
export function useForgetPerson(): () => Promise<void> {
  const { storage, preferences, outbox, tabs } = useServices();
  const [, navigate] = useLocation();
  const queryClient = useQueryClient();
  return async () => {
    outbox.clear();
    forgetTexts(storage);
    preferences.keep();
    tabs.announce("signed_out");
    navigate(urls.home());
    await queryClient.resetQueries({ predicate: ({ queryKey }) => isMe(queryKey) });
    queryClient.removeQueries({ predicate: ({ queryKey }) => !isMe(queryKey), type: "inactive" });
  };
}

/** Signs out: the session ends on the platform, not only here. */
export function useSignOut({ onError }: { onError: (error: unknown) => void }): Action<void> {
  const forgetPerson = useForgetPerson();
  return useMutation(useTRPC().auth.logout.mutationOptions({ onSuccess: forgetPerson, onError }));
}
