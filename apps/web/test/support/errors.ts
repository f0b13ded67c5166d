import { TRPCClientError } from "@trpc/client";

/** What a call throws when the server refuses it. */
export function refusal(code: string, httpStatus: number, message = "The server's sentence."): unknown {
  return TRPCClientError.from({ error: { code: -32_000, message, data: { code, httpStatus } } });
}

/** What a call throws when the server cannot be reached. */
export function outage(): unknown {
  return TRPCClientError.from(new TypeError("Failed to fetch"));
}
