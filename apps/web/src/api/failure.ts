import { failureOf } from "@deepbot/client";

export function isSignedOut(error: unknown): boolean {
  return failureOf(error).kind === "signed_out";
}

/** Whether the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  return failureOf(error).kind === "unavailable";
}
