import { DomainError } from "./errors.ts";

export type RunState = "queued" | "running" | "completed" | "failed" | "cancelled" | "expired";

export function isOpen(state: RunState): boolean {
  return state === "queued" || state === "running";
}

/**
 * What a person who waits for the answer gets from a run that ended.
 *
 * @throws {DomainError} for every end state but `completed`
 */
export function answerOf(run: { runId: number; state: RunState; answerText: string | null }): string {
  switch (run.state) {
    case "completed":
      return run.answerText ?? "";
    case "failed":
      throw new DomainError("answer_failed", { run_id: run.runId });
    case "cancelled":
      throw new DomainError("run_cancelled", { run_id: run.runId });
    case "expired":
    case "queued":
    case "running":
      throw new DomainError("answer_deadline", { run_id: run.runId });
  }
}
