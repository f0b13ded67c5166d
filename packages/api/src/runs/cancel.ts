import type { WireRun } from "@deepbot/contract";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { RunKey } from "./find-run.ts";
import type { ReadRun } from "./read-run.ts";
import type { ReapOverdueRuns } from "./reap.ts";

/**
 * Stops a run: at once while it is queued, otherwise when its worker releases it or the grace period is over. A run that has
 * ended stays as it is.
 *
 * @throws {AppError} `run_not_found`
 */
export type CancelRun = (key: RunKey) => Promise<WireRun>;

export function createCancelRun(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  { read, reapOverdueRuns }: { read: ReadRun; reapOverdueRuns: ReapOverdueRuns },
): CancelRun {
  return async (key) => {
    if ((await statements.requestCancel(key)) !== undefined) {
      events.emit({ kind: "cancel_requested", ...key });
      await reapOverdueRuns();
    }
    return read(key, "run_not_found");
  };
}
