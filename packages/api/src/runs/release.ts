import type { LeaseKey } from "@deepbot/db";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { ReapOverdueRuns } from "./reap.ts";
import type { RefuseReport } from "./refuse-report.ts";

/**
 * Returns a run to the queue; the attempt does not count. A run whose cancel was requested ends.
 *
 * @throws {AppError} `run_not_found`, `run_ended`, `lease_lost`
 */
export type ReleaseRun = (lease: LeaseKey) => Promise<{ state: "queued" | "cancelled" }>;

export function createReleaseRun(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  { refuse, reapOverdueRuns }: { refuse: RefuseReport; reapOverdueRuns: ReapOverdueRuns },
): ReleaseRun {
  return async (lease) => {
    const { dialogId, ownerId, assistantId, cancelRequested } =
      (await statements.releaseRun(lease)) ?? (await refuse(lease));
    const facts = cancelRequested ? { delayed: true } : {};
    const ids = { runId: lease.runId, dialogId, ownerId, assistantId };
    events.emit({ kind: "run_transition", ...ids, from: "running", to: "queued", actor: "worker", facts });
    if (!cancelRequested) return { state: "queued" };
    await reapOverdueRuns();
    return { state: "cancelled" };
  };
}
