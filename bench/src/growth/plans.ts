import type postgres from "postgres";
import type { Statement } from "../statements.ts";

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  Plans?: Plan[];
}

/** They look at all rows by intent, once in half a minute or an hour. */
const sweeps = new Set(["prune_deltas", "prune_sessions"]);

function scannedTables(plan: Plan): string[] {
  const own = plan["Node Type"] === "Seq Scan" ? [plan["Relation Name"] ?? "?"] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scannedTables)];
}

/**
 * Statements of the server that read a whole table by the plan that PostgreSQL has for any parameters, as `name: table`.
 *
 * @param options.isSmall whether the tables are so small that reading them is right: then only what has no index is listed
 */
export async function listScans(
  sql: postgres.Sql,
  { statements, isSmall }: { statements: ReadonlyMap<string, Statement>; isSmall: boolean },
): Promise<string[]> {
  const session = await sql.reserve();
  await session`set plan_cache_mode = force_generic_plan`;
  if (isSmall) await session`set enable_seqscan = off`;
  const scans: string[] = [];
  for (const [name, { sql: text, params }] of statements) {
    await session.unsafe(`prepare checked as ${text}`);
    const values = params.length === 0 ? "" : `(${params.map(() => "null").join(", ")})`;
    const [row] = await session.unsafe<{ "QUERY PLAN": [{ Plan: Plan }] }[]>(
      `explain (format json) execute checked${values}`,
    );
    await session`deallocate checked`;
    const tables = row === undefined ? ["no plan"] : scannedTables(row["QUERY PLAN"][0].Plan);
    if (!sweeps.has(name)) scans.push(...tables.map((table) => `${name}: ${table}`));
  }
  await session`reset all`;
  session.release();
  return scans;
}
