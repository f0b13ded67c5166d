import { sql } from "@deepbot/db/testing";
import type { Inspector } from "../cluster/database.ts";

interface Count {
  total: string;
}

/** How many statements the database has run so far. Counts transactions where pg_stat_statements is missing. */
export async function countStatements({ db, rows }: Inspector): Promise<number> {
  const calls = sql`
    select sum(calls) as total from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database())`;
  const isCounting = await db.execute(calls).then(
    () => true,
    () => false,
  );
  const transactions = sql`select xact_commit as total from pg_stat_database where datname = current_database()`;
  const [count] = await rows<Count>(isCounting ? calls : transactions);
  return Number(count?.total ?? 0);
}

/** Names of the live path's statements; `rest` stands for all others. */
export type StatementGroup = "insert_deltas" | "read_deltas" | "follow_runs" | "notify" | "rest";

/**
 * How many statements the database has run so far, by group, without those that read the statistics.
 *
 * @throws when the extension pg_stat_statements, which comes with the Debian package, is missing
 */
export async function countStatementGroups({ db }: Inspector): Promise<Record<StatementGroup, number>> {
  const found: unknown = await db.execute(sql`
    select case
        when query like '%insert into run_deltas %' then 'insert_deltas'
        when query like '%) as given(run_id, epoch, seq), lateral (%' then 'read_deltas'
        when query like 'select %"usage"%"runs"."run_id" = any($%::bigint[])' then 'follow_runs'
        when query like '%pg_notify(%' then 'notify'
        else 'rest'
      end as name, sum(calls)::float8 as calls
    from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database()) and query not like '%pg_stat_statements%'
    group by name`);
  const counts = { insert_deltas: 0, read_deltas: 0, follow_runs: 0, notify: 0, rest: 0 };
  for (const { name, calls } of found as Iterable<{ name: StatementGroup; calls: number }>) counts[name] = calls;
  return counts;
}
