import type { Queries, RunWithText } from "@deepbot/db";
import { isOpen } from "../domain/run-outcome.ts";
import type { Settler } from "./settler.ts";

export interface RunKey {
  runId: number;
  userId: number;
}

/** A run, settled first if it is overdue; undefined when the user has no such run. */
export type FindRun = (key: RunKey) => Promise<RunWithText | undefined>;

export function createFindRun({ queries }: { queries: Queries }, settler: Settler): FindRun {
  return async (key) => {
    const run = await queries.findRun(key);
    if (run === undefined || !isOpen(run.state) || run.remainingMs > 0) return run;
    await settler.settle();
    return queries.findRun(key);
  };
}
