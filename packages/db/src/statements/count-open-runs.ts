import type { RunState } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { isOpenRun, runs } from "../schema/index.ts";

/** How many runs are open, and the age of the oldest, by state; no row for a state without runs. */
export type CountOpenRuns = () => Promise<{ state: RunState; count: number; oldestSeconds: number }[]>;

export function prepareCountOpenRuns(db: Db): CountOpenRuns {
  const statement = db
    .select({
      state: runs.state,
      count: sql<number>`count(*)::int`,
      oldestSeconds: sql<number>`extract(epoch from clock_timestamp() - min(${runs.createdAt}))::float8`,
    })
    .from(runs)
    .where(isOpenRun)
    .groupBy(runs.state)
    .prepare("count_open_runs");
  return () => statement.execute();
}
