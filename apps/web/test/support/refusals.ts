import type { ErrorCode } from "@deepbot/api";
import { TRPCClientError } from "@trpc/client";

/** What a call throws that the platform has answered with a refusal. */
export function refusal(error_code: ErrorCode, httpStatus: number, message = "In the platform's words."): unknown {
  return TRPCClientError.from({ error: { code: -32_000, message, data: { error_code, httpStatus } } });
}

/** What a call throws that has reached nobody. */
export function outage(): unknown {
  return TRPCClientError.from(new TypeError("Failed to fetch"));
}
