import { isTRPCClientError } from "@trpc/client";
import { failureOf, type Failure } from "../failure.ts";

const keyStatuses: readonly unknown[] = [401, 403];

/** Whether the platform does not take the worker's key at this moment. While keys are replaced, it soon may again. */
function isKeyRefused(error: unknown): boolean {
  return isTRPCClientError(error) && keyStatuses.includes(error.data?.["httpStatus"]);
}

/**
 * Classifies a failed call; a refused key is `signed_out`.
 *
 * @throws the error itself when it comes from a bug and not from a call
 */
export function callFailure(error: unknown): Failure {
  const failure = failureOf(error);
  if (failure.kind === "broken") throw error;
  return isKeyRefused(error) ? { ...failure, kind: "signed_out" } : failure;
}
