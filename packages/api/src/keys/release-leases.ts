import type { UseCaseDeps } from "../use-case-deps.ts";
import type { ReapOverdueRuns } from "../runs/reap.ts";

/** Runs that one statement returns to the queue. */
const batch = 500;

/** Returns the runs of keys that have ended to the queue; their attempts do not count. */
export type ReleaseEndedLeases = () => Promise<void>;

export function createReleaseEndedLeases(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  reapOverdueRuns: ReapOverdueRuns,
): ReleaseEndedLeases {
  return async () => {
    const released = await statements.releaseEndedLeases(batch);
    for (const { cancelRequested, ...ids } of released) {
      const facts = { reason: "key_ended", ...(cancelRequested ? { delayed: true } : {}) };
      events.emit({ kind: "run_transition", ...ids, from: "running", to: "queued", actor: "reaper", facts });
    }
    if (released.some(({ cancelRequested }) => cancelRequested)) await reapOverdueRuns();
  };
}
