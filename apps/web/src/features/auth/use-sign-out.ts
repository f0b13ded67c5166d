import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { isMe } from "../../api/query-client.ts";
import { useTRPC } from "../../api/trpc.ts";
import { urls } from "../../app/routes.ts";
import { useAppServices } from "../../app/app-services.ts";
import type { Action } from "../../lib/action.ts";
import { clearDrafts } from "../chat/unsent/drafts.ts";

/** Removes everything of the person from this device except the theme and the language. */
export function useForgetPerson(): () => Promise<void> {
  const { storage, preferences, outbox, tabs } = useAppServices();
  const [, navigate] = useLocation();
  const queryClient = useQueryClient();
  return async () => {
    outbox.clear();
    clearDrafts(storage);
    preferences.keep();
    tabs.announce("signed_out");
    navigate(urls.home());
    await queryClient.resetQueries({ predicate: ({ queryKey }) => isMe(queryKey) });
    queryClient.removeQueries({ predicate: ({ queryKey }) => !isMe(queryKey), type: "inactive" });
  };
}

/** Ends the session on the server, then removes the person's data here. */
export function useSignOut({ onError }: { onError: (error: unknown) => void }): Action<void> {
  const forgetPerson = useForgetPerson();
  return useMutation(useTRPC().auth.logout.mutationOptions({ onSuccess: forgetPerson, onError }));
}
