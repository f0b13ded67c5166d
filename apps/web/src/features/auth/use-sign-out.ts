import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { useTRPC } from "../../api/trpc.ts";
import { urls } from "../../app/routes.ts";
import { useServices } from "../../app/services.ts";
import { forgetTexts } from "../chat/kept-texts.ts";

/** What remains of somebody on this device after a sign-out: nothing but the theme and the language. */
export function useForgetPerson(): () => Promise<void> {
  const { storage, preferences } = useServices();
  const [, navigate] = useLocation();
  const queryClient: QueryClient = useQueryClient();
  const trpc = useTRPC();
  return async () => {
    forgetTexts(storage);
    preferences.keep();
    navigate(urls.home());
    queryClient.removeQueries({ predicate: ({ queryKey }) => !isMe(queryKey) });
    await queryClient.resetQueries(trpc.auth.me.queryFilter());
  };
}

function isMe([path]: readonly unknown[]): boolean {
  return Array.isArray(path) && path.join(".") === "auth.me";
}

export function useSignOut() {
  const forgetPerson = useForgetPerson();
  return useMutation(useTRPC().auth.logout.mutationOptions({ onSuccess: forgetPerson }));
}
