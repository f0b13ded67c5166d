import type { LeaseKey } from "@deepbot/db";
import type { Presence } from "../presence/presence.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { ReapOverdueRuns } from "./reap.ts";
import type { RefuseReport } from "./refuse-report.ts";

export interface Failure {
  errorCode: string;
  errorMessage: string;
  /** Whether another attempt may help. */
  retry: boolean;
  /** Whether what was appended is thrown away. */
  discard: boolean;
}

export interface FailedAttempt {
  state: "queued" | "failed" | "cancelled";
  /** When it can be claimed again; null unless it is queued. */
  availableAt: Date | null;
  attemptsLeft: number;
}

/**
 * Records that a run could not be answered. With `retry` and an attempt left it is queued again after a back-off. Otherwise
 * what was appended is kept as a partial answer, unless that is to be discarded. A run whose cancel was requested ends.
 *
 * @throws {AppError} as {@link RefuseReport} does
 */
export type FailRun = (lease: LeaseKey, failure: Failure) => Promise<FailedAttempt>;

export function createFailRun(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  { refuse, reapOverdueRuns, presence }: { refuse: RefuseReport; reapOverdueRuns: ReapOverdueRuns; presence: Presence },
): FailRun {
  return async (lease, failure) => {
    const backoffMs = settings.retryBackoffMs;
    const failed = await statements.failRun({ ...lease, ...failure, backoffMs });
    if (failed === undefined) return refuse(lease);
    presence.reported(lease.runId);
    const { dialogId, ownerId, assistantId, attempt, cancelRequested } = failed;
    const to = failed.state === "queued" ? "queued" : "failed";
    const delayed = to === "queued" && (backoffMs > 0 || cancelRequested);
    const facts = { attempt, reason: failure.errorCode, ...(delayed ? { delayed } : {}) };
    events.emit({
      kind: "run_transition",
      runId: lease.runId,
      dialogId,
      ownerId,
      assistantId,
      from: "running",
      to,
      actor: "worker",
      facts,
    });
    if (cancelRequested) await reapOverdueRuns();
    if (cancelRequested || to === "failed") {
      return { state: cancelRequested ? "cancelled" : to, availableAt: null, attemptsLeft: 0 };
    }
    return { state: to, availableAt: failed.availableAt, attemptsLeft: failed.attemptsLeft };
  };
}
