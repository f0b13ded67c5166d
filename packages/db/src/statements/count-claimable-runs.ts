import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { isClaimable } from "./claim-runs.ts";

/**
 * How many runs of each assistant wait to be claimed now, counted up to `limit`, without those that have none. It looks from
 * the tail of the queue's clock on, and so also sees a run below the floor, which the claim that moves the floor makes claimable.
 */
export type CountClaimableRuns = (limit: number) => Promise<{ assistantId: number; runs: number }[]>;

export function prepareCountClaimableRuns(db: Db): CountClaimableRuns {
  const statement = db
    .select({
      assistantId: sql<number>`assistants.assistant_id`.mapWith(Number),
      runs: sql<number>`count(*)`.mapWith(Number),
    })
    .from(
      sql`assistants cross join lateral (
        select run_id from runs
        where runs.assistant_id = assistants.assistant_id
          and start_tag >= (select tail_tag from queue_clock where only_row) and ${isClaimable} and available_at <= now()
        order by start_tag, run_id
        limit ${sql.placeholder("limit")}::int
      ) as waiting`,
    )
    .groupBy(sql`assistants.assistant_id`)
    .prepare("count_claimable");
  return (limit) => statement.execute({ limit });
}
