import type { ErrorCode } from "@deepbot/contract";
import { TRPCError } from "@trpc/server";
import { errorCodeOf } from "../../src/problem.ts";

/** The code under which a call was refused; `answered` when it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<ErrorCode | "answered"> {
  try {
    await call;
    return "answered";
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error;
    return errorCodeOf(error);
  }
}
