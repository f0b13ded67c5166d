import type { ReleasedLease } from "@deepbot/db";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { ReapOverdueRuns } from "../runs/reap.ts";

/** Runs that one statement returns to the queue. */
const batch = 500;

export interface LeaseReleases {
  /** Returns the runs of keys that have ended to the queue; their attempts do not count. */
  ofEndedKeys: () => Promise<void>;
  /** Returns the runs to the queue that a changed key holds but may no longer claim. */
  ofChangedKey: (keyId: string) => Promise<void>;
}

export function createLeaseReleases(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  reapOverdueRuns: ReapOverdueRuns,
): LeaseReleases {
  const tell = async (released: readonly ReleasedLease[], reason: string): Promise<void> => {
    for (const { cancelRequested, ...ids } of released) {
      const facts = { reason, ...(cancelRequested ? { delayed: true } : {}) };
      events.emit({ kind: "run_transition", ...ids, from: "running", to: "queued", actor: "reaper", facts });
    }
    if (released.some(({ cancelRequested }) => cancelRequested)) await reapOverdueRuns();
  };
  return {
    ofEndedKeys: async () => tell(await statements.releaseEndedLeases(batch), "key_ended"),
    ofChangedKey: async (keyId) => tell(await statements.releaseUnfitLeases(keyId), "key_changed"),
  };
}
