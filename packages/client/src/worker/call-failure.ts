import { failureOf, type Failure } from "../failure.ts";

/** Classifies a failed call. @throws the error itself when it comes from a bug and not from a call */
export function callFailure(error: unknown): Failure {
  const failure = failureOf(error);
  if (failure.kind === "broken") throw error;
  return failure;
}
