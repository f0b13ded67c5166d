import type { LeaseKey } from "@deepbot/db";
import type { Presence } from "../presence/presence.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { ReapOverdueRuns } from "./reap.ts";
import type { RefuseReport } from "./refuse-report.ts";

/**
 * Returns a run to the queue; the attempt does not count. A run whose cancel was requested ends, and what was appended is
 * kept.
 *
 * @throws {AppError} as {@link RefuseReport} does
 */
export type ReleaseRun = (lease: LeaseKey) => Promise<{ state: "queued" | "cancelled" }>;

export function createReleaseRun(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  { refuse, reapOverdueRuns, presence }: { refuse: RefuseReport; reapOverdueRuns: ReapOverdueRuns; presence: Presence },
): ReleaseRun {
  return async (lease) => {
    const { dialogId, ownerId, assistantId, cancelRequested } =
      (await statements.releaseRun(lease)) ?? (await refuse(lease));
    presence.reported(lease.runId);
    const facts = cancelRequested ? { delayed: true } : {};
    const ids = { runId: lease.runId, dialogId, ownerId, assistantId };
    events.emit({ kind: "run_transition", ...ids, from: "running", to: "queued", actor: "worker", facts });
    if (!cancelRequested) return { state: "queued" };
    await reapOverdueRuns();
    return { state: "cancelled" };
  };
}
