import type { AppRouter } from "@deepbot/api";
import { isTRPCClientError } from "@trpc/client";

/**
 * What a failed call means to a worker: `away` may pass by itself, `gone` says that the run is not the worker's (any
 * more), `refused` that the call was wrong. `code` is fit for the log.
 */
export interface Trouble {
  kind: "away" | "gone" | "refused";
  code: string;
}

const goneCodes: readonly string[] = ["lease_lost", "run_ended", "run_not_found"];

/** Statuses below 500 that say "later", not "no". */
const passingStatuses: readonly number[] = [408, 425, 429];

/**
 * Reads what went wrong from what a call threw. A failure of the network, or a proxy's page in place of an answer, counts
 * as `away`.
 *
 * @throws what is no failure of a call but a mistake of ours
 */
export function troubleOf(error: unknown): Trouble {
  if (!isTRPCClientError<AppRouter>(error)) throw error;
  const { error_code: code, httpStatus: status } = error.data ?? {};
  if (code === undefined || status === undefined) return { kind: "away", code: "unreachable" };
  if (goneCodes.includes(code)) return { kind: "gone", code };
  return { kind: status >= 500 || passingStatuses.includes(status) ? "away" : "refused", code };
}
