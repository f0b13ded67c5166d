import { utf8Length, type Usage } from "@deepbot/contract";
import type { LeaseKey } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { Presence } from "../presence/presence.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { isLeaseOfKey, type RefuseReport } from "./refuse-report.ts";

export interface Completion {
  /** Null: what was appended is the answer. */
  text: string | null;
  usage: Usage | null;
  metadata: Record<string, unknown> | undefined;
}

/**
 * Stores the answer and ends the run. A repeat with the same text, or again without one, is accepted and changes nothing.
 *
 * @throws {AppError} `answer_missing` when there is neither a text nor anything that was appended; `answer_too_long` when the
 *   text is longer than its assistant allows; and as {@link RefuseReport} does
 */
export type CompleteRun = (lease: LeaseKey, completion: Completion) => Promise<void>;

export function createCompleteRun(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  { refuse, presence }: { refuse: RefuseReport; presence: Presence },
): CompleteRun {
  /** A report that changed nothing: perhaps it is a repeat. */
  const checkRepeat = async (lease: LeaseKey, text: string | null): Promise<void> => {
    const run = await statements.findReportedRun(lease.runId);
    const isOwn = run?.leaseToken === lease.leaseToken && isLeaseOfKey(run, lease);
    if (isOwn && run.state === "completed" && (text === null || run.answerText === text)) return;
    if (isOwn && text !== null && utf8Length(text) > (run.answerMaxBytes ?? Infinity))
      throw new AppError("answer_too_long");
    if (isOwn && run.leaseHolds && text === null) throw new AppError("answer_missing");
    await refuse(lease);
  };

  return async (lease, { text, usage, metadata }) => {
    const stored = await statements.completeRun({ ...lease, text, usage, workerMetadata: metadata });
    if (stored === undefined) return checkRepeat(lease, text);
    const { runId, dialogId, ownerId, assistantId, from } = stored;
    presence.reported(runId);
    events.emit({
      kind: "run_transition",
      runId,
      dialogId,
      ownerId,
      assistantId,
      from,
      to: "completed",
      actor: "worker",
      facts: usage === null ? {} : { usage },
      answerText: stored.text,
    });
  };
}
