import { useQuery } from "@tanstack/react-query";
import { createContext, use } from "react";
import type { Outputs } from "@deepbot/api";
import { isSignedOut } from "../../api/failure.ts";
import { useTRPC } from "../../api/trpc.ts";

export type User = Outputs["auth"]["me"]["content"][number];

export type Session =
  /** Not known yet. */
  | { state: "loading" }
  /** `hasEnded`: somebody was signed in on this page until just now. */
  | { state: "signed_out"; hasEnded: boolean }
  | { state: "signed_in"; user: User };

/** Who is signed in, by what the platform says and nothing else. */
export function useSession(): Session {
  const { data, error } = useQuery(useTRPC().auth.me.queryOptions());
  if (error !== null && isSignedOut(error)) return { state: "signed_out", hasEnded: data !== undefined };
  const [user] = data?.content ?? [];
  return user === undefined ? { state: "loading" } : { state: "signed_in", user };
}

/** The signed-in user, above everything that is shown to nobody else. */
export const UserContext = createContext<User | null>(null);

export function useUser(): User {
  const user = use(UserContext);
  if (user === null) throw new Error("Nobody is signed in.");
  return user;
}
