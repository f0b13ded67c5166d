import type { AppRouter } from "@deepbot/api";
import { errorCatalogue, isErrorCode } from "@deepbot/contract";
import { isTRPCClientError } from "@trpc/client";
import type { ErrorCode, FailureClass } from "./wire.ts";

export interface Failure {
  /** `broken` means a bug in the calling program: the error did not come from a call. */
  kind: FailureClass | "broken";
  /** `unreachable` when no response of the platform arrived. Fit for logs. */
  code: ErrorCode | "unreachable";
}

/** Statuses below 500 after which the same request may succeed later. */
const retryableStatuses: readonly number[] = [408, 425, 429];

/**
 * Classifies an error response by its code. A newer server may send codes that this catalogue lacks; their status decides.
 */
export function failureClassOf({ code, status }: { code: string; status: number }): FailureClass {
  if (isErrorCode(code)) return errorCatalogue[code].failure;
  if (status === 401) return "signed_out";
  return status >= 500 || retryableStatuses.includes(status) ? "unavailable" : "refused";
}

/**
 * Classifies what a call threw. A network failure counts as `unavailable`, and so does a proxy's error page in place of the
 * platform's response.
 */
export function failureOf(error: unknown): Failure {
  if (!isTRPCClientError<AppRouter>(error)) return { kind: "broken", code: "internal" };
  const { code: current, error_code: code = current, httpStatus: status } = error.data ?? {};
  if (code === undefined || status === undefined) return { kind: "unavailable", code: "unreachable" };
  return { kind: failureClassOf({ code, status }), code };
}
