import type { UseCaseDeps } from "../use-case-deps.ts";

/** Moves overdue runs on: expired ones, lost leases, due cancels. Runs on every server, and before reads that need it. */
export type ReapOverdueRuns = () => Promise<void>;

const batchSize = 200;

export function createReapOverdueRuns({
  statements,
  events,
  settings,
}: Pick<UseCaseDeps, "statements" | "events" | "settings">): ReapOverdueRuns {
  return async () => {
    for (;;) {
      const reaped = await statements.reapRuns({ limit: batchSize, cancelGraceMs: settings.cancelGraceMs });
      for (const { state: to, errorCode, leaseConfirmed, ...run } of reaped) {
        const lost = leaseConfirmed ? "lease_expired" : "claim_unconfirmed";
        const reason = errorCode ?? (to === "queued" ? lost : undefined);
        const facts = reason === undefined ? {} : { reason };
        events.emit({ kind: "run_transition", ...run, to, actor: "reaper", facts });
      }
      if (reaped.length < batchSize) return;
    }
  };
}
