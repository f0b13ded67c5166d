import type { Usage } from "@deepbot/contract";
import { AppError } from "../app-error.ts";
import type { Presence } from "../presence/presence.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { Lease, RefuseReport } from "./refuse-report.ts";

export interface Completion {
  /** Null: what was appended is the answer. */
  text: string | null;
  usage: Usage | null;
  metadata: Record<string, unknown> | undefined;
}

/**
 * Stores the answer and ends the run. A repeat with the same text, or again without one, is accepted and changes nothing.
 *
 * @throws {AppError} `answer_missing` when there is neither a text nor anything that was appended, and as
 *   {@link RefuseReport} does
 */
export type CompleteRun = (lease: Lease, completion: Completion) => Promise<void>;

export function createCompleteRun(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  { refuse, presence }: { refuse: RefuseReport; presence: Presence },
): CompleteRun {
  /** A report that changed nothing: perhaps it is a repeat. */
  const checkRepeat = async (lease: Lease, text: string | null): Promise<void> => {
    const run = await statements.findReportedRun(lease.runId);
    const isOwn = run?.leaseToken === lease.leaseToken;
    if (isOwn && run.state === "completed" && (text === null || run.answerText === text)) return;
    if (isOwn && run.leaseHolds && text === null) throw new AppError("answer_missing");
    await refuse(lease);
  };

  return async (lease, { text, usage, metadata }) => {
    const stored = await statements.completeRun({ ...lease, text, usage, metadata });
    if (stored === undefined) return checkRepeat(lease, text);
    const { runId, dialogId, ownerId, from } = stored;
    presence.reported(runId);
    events.emit({
      kind: "run_transition",
      runId,
      dialogId,
      ownerId,
      from,
      to: "completed",
      actor: "worker",
      facts: usage === null ? {} : { usage },
      answerText: stored.text,
    });
  };
}
