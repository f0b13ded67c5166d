import type { AppRouter, ErrorCode } from "@deepbot/api";
import { isTRPCClientError } from "@trpc/client";

/** What a failed call means to the page. */
export type Failure =
  /** It may pass by itself: the platform is away, or too busy. */
  | { kind: "away"; code: ErrorCode | "unreachable" }
  /** The session is over. */
  | { kind: "signed_out"; code: ErrorCode }
  /** The answer is no. */
  | { kind: "refused"; code: ErrorCode }
  /** A mistake in this program. */
  | { kind: "broken"; code: "internal" };

const signedOutCodes: readonly ErrorCode[] = ["unauthenticated", "session_invalid"];

/** Statuses below 500 that say "later", not "no". */
const passingStatuses: readonly number[] = [408, 425, 429];

/** Reads what went wrong from what a call threw. Without an error body of the platform's it was out of reach. */
export function failureOf(error: unknown): Failure {
  if (!isTRPCClientError<AppRouter>(error)) return { kind: "broken", code: "internal" };
  const { error_code: code, httpStatus: status } = error.data ?? {};
  if (code === undefined || status === undefined) return { kind: "away", code: "unreachable" };
  if (signedOutCodes.includes(code)) return { kind: "signed_out", code };
  const isAway = status >= 500 || passingStatuses.includes(status);
  return isAway ? { kind: "away", code } : { kind: "refused", code };
}

export function isSignedOut(error: unknown): boolean {
  return failureOf(error).kind === "signed_out";
}

/** Whether the same call may succeed later. */
export function isPassing(error: unknown): boolean {
  return failureOf(error).kind === "away";
}
