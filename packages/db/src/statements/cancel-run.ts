import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { runs } from "../schema/index.ts";

/**
 * Sets `cancel_requested_at`. `reap_runs` ends the run: at once while it is queued, else when its worker releases it or
 * the grace period is over. Undefined when the user has no such open run.
 */
export type RequestCancel = (key: { runId: number; userId: number }) => Promise<{ dialogId: number } | undefined>;

export function prepareRequestCancel(db: Db): RequestCancel {
  const requested = db.$with("requested", { dialogId: runs.dialogId }).as(sql`
    update runs set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
    from dialogs
    where runs.run_id = ${sql.placeholder("runId")} and dialogs.dialog_id = runs.dialog_id
      and dialogs.user_id = ${sql.placeholder("userId")} and runs.ended_at is null
    returning runs.dialog_id`);
  const statement = db.with(requested).select().from(requested).prepare("request_cancel");
  return async (key) => (await statement.execute({ ...key })).at(0);
}
