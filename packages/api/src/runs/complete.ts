import { utf8Length, type Usage } from "@deepbot/contract";
import type { LeaseKey } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { isLeaseOfKey, type RefuseReport } from "./refuse-report.ts";

/**
 * Stores the answer and ends the run. A repeat with the same text is accepted and changes nothing.
 *
 * @throws {AppError} `answer_too_long` when it is longer than its assistant allows; `run_not_found`, `run_ended`, `lease_lost`
 */
export type CompleteRun = (lease: LeaseKey, text: string, usage: Usage | null) => Promise<void>;

export function createCompleteRun(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  refuse: RefuseReport,
): CompleteRun {
  return async (lease, text, usage) => {
    const stored = await statements.completeRun({ ...lease, text, usage });
    if (stored !== undefined) {
      const { runId, dialogId, ownerId, assistantId, from } = stored;
      const ids = { runId, dialogId, ownerId, assistantId };
      events.emit({
        kind: "run_transition",
        ...ids,
        from,
        to: "completed",
        actor: "worker",
        facts: usage === null ? {} : { usage },
        answerText: text,
      });
      return;
    }
    const run = await statements.findReportedRun(lease.runId);
    const isOwn = run?.leaseToken === lease.leaseToken && isLeaseOfKey(run, lease);
    if (isOwn && utf8Length(text) > (run.answerMaxBytes ?? Infinity)) throw new AppError("answer_too_long");
    if (!isOwn || run.state !== "completed" || run.answerText !== text) await refuse(lease);
  };
}
