import { count, sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import { environmentKeyId, workers } from "../schema/index.ts";

/** A worker that has neither polled nor reported for this long has left. */
export const workerLeaveGraceMs = 2_500;

/** A worker, by its key and the name that it gives. */
export interface WorkerKey {
  keyId: string;
  name: string;
}

/** A worker that polls. */
export interface PresentWorker extends WorkerKey {
  /** Null: all. */
  assistantIds: readonly number[] | null;
  capacity: number | null;
  fallback: boolean;
}

/** Where a server left a worker that has gone since: the row as the server wrote it. */
export interface LeftWorker extends WorkerKey {
  seenAt: string;
}

/** A row after the statement. `seen`: written now. `held`: left, but it holds a run. */
export interface WorkerRow extends WorkerKey {
  outcome: "seen" | "held";
  /** The moment of the statement, exactly as the row has it. */
  seenAt: string;
}

export interface WorkerChanges {
  present: readonly PresentWorker[];
  /** Runs on which workers have reported that are not known here. */
  reportedRunIds: readonly number[];
  left: readonly LeftWorker[];
}

/**
 * Notes what a server has seen of workers, in one statement. A worker that has left is deleted, unless it holds a run or
 * somebody has seen it since: the server that saw a worker last answers for its row. A report changes no row that was written
 * within the grace: the server that wrote it answers for it at the end of that. Else a worker that reports to one server and polls
 * another would lose its row.
 */
export type WriteWorkers = (changes: WorkerChanges) => Promise<WorkerRow[]>;

/** True of the run that the worker in the given step holds. */
const isHeldBy = (worker: SQL): SQL => sql`
  state = 'running' and lease_until > now() and runs.worker = ${worker}.name
  and coalesce(lease_key_id, ${environmentKeyId}) = ${worker}.key_id`;

const key = { keyId: workers.keyId, name: workers.name };

/** Writes the workers that poll, and those that have reported on the given runs. */
function seenWorkers(db: Db) {
  const present = db.$with("present", key).as(sql`
    select * from unnest(
      ${sql.placeholder("keyIds")}::text[], ${sql.placeholder("names")}::text[], ${sql.placeholder("assistants")}::text[],
      ${sql.placeholder("capacities")}::int[], ${sql.placeholder("fallbacks")}::text[]
    ) as given(key_id, name, assistants, capacity, fallback)`);
  const written = db.$with("written", key).as(sql`
    insert into workers (key_id, name, assistant_ids, capacity, fallback, seen_at)
    select key_id, name, assistants::bigint[], capacity, fallback::boolean, now() from present order by key_id, name
    on conflict (key_id, name) do update set
      assistant_ids = excluded.assistant_ids, capacity = excluded.capacity, fallback = excluded.fallback,
      seen_at = excluded.seen_at
    returning key_id, name`);
  // Locked in the same order as above, so that two servers cannot deadlock.
  const reporters = db.$with("reporters", key).as(sql`
    select workers.key_id, workers.name
    from (
      select distinct coalesce(lease_key_id, ${environmentKeyId}) as key_id, worker from runs
      where run_id = any(${sql.placeholder("reportedRunIds")}::bigint[])
    ) as holder join workers on workers.key_id = holder.key_id and workers.name = holder.worker
    where not exists (select 1 from present where present.key_id = workers.key_id and present.name = workers.name)
      and workers.seen_at <= now() - ${workerLeaveGraceMs}::float8 * interval '1 millisecond'
    order by workers.key_id, workers.name
    for update of workers`);
  const reported = db.$with("reported", key).as(sql`
    update workers set seen_at = now() from reporters
    where workers.key_id = reporters.key_id and workers.name = reporters.name
    returning workers.key_id, workers.name`);
  return [present, written, reporters, reported] as const;
}

/** Deletes the workers that have left. */
function leftWorkers(db: Db) {
  const left = db.$with("leaving", key).as(sql`
    select gone.key_id, gone.name, gone.seen_at::timestamptz as seen_at, exists (select 1 from runs where ${isHeldBy(sql`gone`)}) as is_busy
    from unnest(
      ${sql.placeholder("leftKeyIds")}::text[], ${sql.placeholder("leftNames")}::text[],
      ${sql.placeholder("leftSeenAt")}::text[]
    ) as gone(key_id, name, seen_at)
    where not exists (select 1 from reporters where reporters.key_id = gone.key_id and reporters.name = gone.name)`);
  const deleted = db.$with("deleted", key).as(sql`
    delete from workers using leaving
    where workers.key_id = leaving.key_id and workers.name = leaving.name and workers.seen_at <= leaving.seen_at
      and not is_busy
    returning workers.key_id`);
  return [left, deleted] as const;
}

export function prepareWriteWorkers(db: Db): WriteWorkers {
  const statement = db
    .with(...seenWorkers(db), ...leftWorkers(db))
    .select({
      outcome: sql<WorkerRow["outcome"]>`outcome`,
      keyId: sql<string>`key_id`,
      name: sql<string>`name`,
      seenAt: sql<string>`now()::text`,
    })
    .from(
      sql`(
        select 'seen' as outcome, key_id, name from written
        union all select 'seen', key_id, name from reported
        union all select 'held', key_id, name from leaving where is_busy
      ) as rows`,
    )
    .prepare("write_workers");
  return ({ present: seen, reportedRunIds, left: gone }) =>
    statement.execute({
      keyIds: seen.map(({ keyId }) => keyId),
      names: seen.map(({ name }) => name),
      assistants: seen.map(({ assistantIds }) => (assistantIds === null ? null : `{${assistantIds.join(",")}}`)),
      capacities: seen.map(({ capacity }) => capacity),
      fallbacks: seen.map(({ fallback }) => String(fallback)),
      reportedRunIds: [...reportedRunIds],
      leftKeyIds: gone.map(({ keyId }) => keyId),
      leftNames: gone.map(({ name }) => name),
      leftSeenAt: gone.map(({ seenAt }) => seenAt),
    });
}

/** What some present workers serve. */
export interface Coverage {
  /** Null: all. */
  assistantIds: readonly number[] | null;
  fallback: boolean;
}

/** What the workers serve that were seen in the last `freshMs`, each combination once. */
export type ListCoverages = (freshMs: number) => Promise<Coverage[]>;

const asNumbers = (ids: (number | string)[] | null): number[] | null => ids?.map(Number) ?? null;

export function prepareListCoverages(db: Db): ListCoverages {
  const statement = db
    .selectDistinct({ assistantIds: workers.assistantIds, fallback: workers.fallback })
    .from(workers)
    .where(sql`seen_at > now() - ${sql.placeholder("freshMs")}::float8 * interval '1 millisecond'`)
    .prepare("list_coverages");
  return async (freshMs) =>
    (await statement.execute({ freshMs })).map(({ assistantIds, fallback }) => ({
      assistantIds: asNumbers(assistantIds),
      fallback,
    }));
}

/** How many workers were seen in the last `freshMs`. */
export type CountWorkers = (freshMs: number) => Promise<number>;

export function prepareCountWorkers(db: Db): CountWorkers {
  const statement = db
    .select({ count: count() })
    .from(workers)
    .where(sql`seen_at > now() - ${sql.placeholder("freshMs")}::float8 * interval '1 millisecond'`)
    .prepare("count_workers");
  return async (freshMs) => (await statement.execute({ freshMs })).at(0)?.count ?? 0;
}

export interface ListedWorker extends PresentWorker {
  seenAt: Date;
  /** Runs that it holds. */
  running: number;
}

/** Up to `limit` known workers, seen last first. */
export type ListWorkers = (limit: number) => Promise<ListedWorker[]>;

export function prepareListWorkers(db: Db): ListWorkers {
  const statement = db
    .select({
      keyId: workers.keyId,
      name: workers.name,
      assistantIds: workers.assistantIds,
      capacity: workers.capacity,
      fallback: workers.fallback,
      seenAt: workers.seenAt,
      running: sql<number>`(select count(*) from runs where ${isHeldBy(sql`workers`)})`.mapWith(Number),
    })
    .from(workers)
    .orderBy(sql`seen_at desc`)
    .limit(sql.placeholder("limit"))
    .prepare("list_workers");
  return async (limit) =>
    (await statement.execute({ limit })).map(({ assistantIds, ...worker }) => ({
      ...worker,
      assistantIds: asNumbers(assistantIds),
    }));
}

/** Forgets workers that were not seen for `keepMs`. */
export type PruneWorkers = (keepMs: number) => Promise<void>;

export function preparePruneWorkers(db: Db): PruneWorkers {
  const statement = db
    .delete(workers)
    .where(sql`seen_at < now() - ${sql.placeholder("keepMs")}::float8 * interval '1 millisecond'`)
    .prepare("prune_workers");
  return async (keepMs) => {
    await statement.execute({ keepMs });
  };
}
