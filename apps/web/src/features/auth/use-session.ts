import { useQuery } from "@tanstack/react-query";
import { createContext, use } from "react";
import type { Outputs } from "@deepbot/api";
import { isSignedOut } from "../../api/failure.ts";
import { useTRPC } from "../../api/trpc.ts";

export type User = Outputs["auth"]["me"]["content"][number];

export type Session =
  | { state: "loading" }
  /** `hasEnded`: the session ended while this page was open. */
  | { state: "signed_out"; hasEnded: boolean }
  | { state: "signed_in"; user: User };

/** The session, as the server reports it. */
export function useSession(): Session {
  const { data, error } = useQuery(useTRPC().auth.me.queryOptions());
  if (error !== null && isSignedOut(error)) return { state: "signed_out", hasEnded: data !== undefined };
  const [user] = data?.content ?? [];
  return user === undefined ? { state: "loading" } : { state: "signed_in", user };
}

export const UserContext = createContext<User | null>(null);

export function useUser(): User {
  const user = use(UserContext);
  if (user === null) throw new Error("UserContext is missing above this component.");
  return user;
}
