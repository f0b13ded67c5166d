import { isOpen } from "@deepbot/contract";
import type { RunRow, Statements } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { ReapOverdueRuns } from "./reap.ts";

export interface RunKey {
  runId: number;
  userId: number;
}

/** A run, reaped first if it is overdue; undefined when the user has no such run. */
export type FindRun = (key: RunKey) => Promise<RunRow | undefined>;

export function createFindRun(statements: Pick<Statements, "findRun">, reapOverdueRuns: ReapOverdueRuns): FindRun {
  return async (key) => {
    const run = await statements.findRun(key);
    if (run === undefined || !isOpen(run.state) || run.remainingMs > 0) return run;
    await reapOverdueRuns();
    return statements.findRun(key);
  };
}

/**
 * The answer of a run that nobody waits for any longer.
 *
 * @throws {AppError} for every state but `completed`
 */
export function answerOf({ runId, state, answerText }: Pick<RunRow, "runId" | "state" | "answerText">): string {
  switch (state) {
    case "completed":
      return answerText ?? "";
    case "failed":
      throw new AppError("answer_failed", { run_id: runId });
    case "cancelled":
      throw new AppError("run_cancelled", { run_id: runId });
    case "expired":
    case "queued":
    case "running":
      throw new AppError("answer_deadline", { run_id: runId });
  }
}
