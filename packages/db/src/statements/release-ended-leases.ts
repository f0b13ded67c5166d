import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, runs } from "../schema/index.ts";

export interface ReleasedLease {
  runId: number;
  dialogId: number;
  assistantId: number;
  /** The owner of the dialog. */
  ownerId: number;
  /** Whether the user asked to cancel, so that `reap_runs` will end the run. */
  cancelRequested: boolean;
}

/**
 * Returns up to `limit` runs to the queue whose lease belongs to a key that was revoked or has expired. The attempt does not
 * count. Runs that another statement has locked wait for the next call.
 */
export type ReleaseEndedLeases = (limit: number) => Promise<ReleasedLease[]>;

/** No lease lasts longer, so keys that ended before have none. */
const longestLease = sql`interval '15 minutes'`;

export function prepareReleaseEndedLeases(db: Db): ReleaseEndedLeases {
  const released = db.$with("released", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    assistantId: runs.assistantId,
    ownerId: dialogs.userId,
    cancelRequestedAt: runs.cancelRequestedAt,
  }).as(sql`
    update runs set state = 'queued', attempt = attempt - 1, lease_until = null, available_at = clock_timestamp()
    where run_id = any(array(
      select leased.run_id
      from (
        select key_id::text as key_id from service_keys
        where least(revoked_at, expires_at) between now() - ${longestLease} and now()
      ) as ended
      cross join lateral (
        select runs.run_id from runs where state = 'running' and runs.lease_key_id = ended.key_id
        for update skip locked
      ) as leased
      limit ${sql.placeholder("limit")}::int
    ))
    returning run_id, dialog_id, assistant_id,
      (select user_id from dialogs where dialogs.dialog_id = runs.dialog_id) as user_id, cancel_requested_at`);
  const statement = db
    .with(released)
    .select({
      runId: released.runId,
      dialogId: released.dialogId,
      assistantId: released.assistantId,
      ownerId: released.ownerId,
      cancelRequested: sql<boolean>`${released.cancelRequestedAt} is not null`,
    })
    .from(released)
    .prepare("release_ended_leases");
  return (limit) => statement.execute({ limit });
}
