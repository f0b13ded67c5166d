import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { runs, type runStates } from "../schema/index.ts";

/** How many runs have not ended, and how old the oldest of them is; no row for a state without runs. */
export type CountOpenRuns = () => Promise<
  { state: (typeof runStates)[number]; count: number; oldestSeconds: number }[]
>;

export function prepareCountOpenRuns(db: Db): CountOpenRuns {
  const statement = db
    .select({
      state: runs.state,
      count: sql<number>`count(*)::int`,
      oldestSeconds: sql<number>`extract(epoch from clock_timestamp() - min(${runs.createdAt}))::float8`,
    })
    .from(runs)
    // As the partial indexes say it, which a condition on the end of a run would not find.
    .where(sql`${runs.state} in ('queued', 'running')`)
    .groupBy(runs.state)
    .prepare("count_open_runs");
  return () => statement.execute();
}
