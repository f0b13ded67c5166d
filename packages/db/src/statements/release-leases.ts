import { sql, type SQL } from "drizzle-orm";
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

/** Returns the runs that `leased` picks and locks to the queue. The attempt does not count. */
function releaseStatement(db: Db, name: string, leased: SQL) {
  const released = db.$with("released", {
    runId: runs.runId,
    dialogId: runs.dialogId,
    assistantId: runs.assistantId,
    ownerId: dialogs.userId,
    cancelRequestedAt: runs.cancelRequestedAt,
  }).as(sql`
    update runs set state = 'queued', attempt = attempt - 1, lease_until = null, available_at = clock_timestamp()
    where run_id = any(array(${leased}))
    returning run_id, dialog_id, assistant_id,
      (select user_id from dialogs where dialogs.dialog_id = runs.dialog_id) as user_id, cancel_requested_at`);
  return db
    .with(released)
    .select({
      runId: released.runId,
      dialogId: released.dialogId,
      assistantId: released.assistantId,
      ownerId: released.ownerId,
      cancelRequested: sql<boolean>`${released.cancelRequestedAt} is not null`,
    })
    .from(released)
    .prepare(name);
}

/**
 * Returns up to `limit` runs to the queue whose lease belongs to a key that was revoked or has expired. The attempt does not
 * count. Runs that another statement has locked wait for the next call.
 */
export type ReleaseEndedLeases = (limit: number) => Promise<ReleasedLease[]>;

/** No lease lasts longer, so keys that ended before have none. */
const longestLease = sql`interval '15 minutes'`;

export function prepareReleaseEndedLeases(db: Db): ReleaseEndedLeases {
  const statement = releaseStatement(
    db,
    "release_ended_leases",
    sql`
      select leased.run_id
      from (
        select key_id::text as key_id from service_keys
        where least(revoked_at, expires_at) between now() - ${longestLease} and now()
      ) as ended
      cross join lateral (
        select runs.run_id from runs where state = 'running' and runs.lease_key_id = ended.key_id
        for update skip locked
      ) as leased
      limit ${sql.placeholder("limit")}::int`,
  );
  return (limit) => statement.execute({ limit });
}

/** Returns the runs to the queue that a key holds but may no longer claim: its scopes or its assistants have changed. */
export type ReleaseUnfitLeases = (keyId: string) => Promise<ReleasedLease[]>;

export function prepareReleaseUnfitLeases(db: Db): ReleaseUnfitLeases {
  const statement = releaseStatement(
    db,
    "release_unfit_leases",
    sql`
      select runs.run_id from runs
      join service_keys on service_keys.key_id = ${sql.placeholder("keyId")}::uuid
      where state = 'running' and lease_key_id = ${sql.placeholder("keyId")}::text
        and not ('runs' = any(scopes) and coalesce(assistant_id = any(assistant_ids), true))
      for update of runs skip locked`,
  );
  return (keyId) => statement.execute({ keyId });
}
