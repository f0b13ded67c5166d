import { TRPCError } from "@trpc/server";
import { DomainError } from "../../src/domain/errors.ts";
import { errorCodeOf } from "../../src/problem.ts";
import type { ErrorCode } from "../../src/error-map.ts";

/** The code under which a call was refused; `answered` when it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<ErrorCode | "answered"> {
  try {
    await call;
    return "answered";
  } catch (error) {
    // What a stream throws is not wrapped inside the process.
    if (!(error instanceof TRPCError || error instanceof DomainError)) throw error;
    return errorCodeOf(error);
  }
}
