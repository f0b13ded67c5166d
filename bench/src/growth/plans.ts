import type postgres from "postgres";
import type { Statement } from "../statements.ts";

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  Plans?: Plan[];
}

function scannedTables(plan: Plan): string[] {
  const own = plan["Node Type"] === "Seq Scan" ? [plan["Relation Name"] ?? "?"] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scannedTables)];
}

/**
 * Statements of the server whose generic plan reads a whole table, as `name: table`.
 *
 * @param options.isSmall whether the tables are so small that scans are right; then only statements without an index count
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
    scans.push(...tables.map((table) => `${name}: ${table}`));
  }
  await session`reset all`;
  session.release();
  return scans;
}
