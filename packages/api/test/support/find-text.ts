import type { Database } from "@deepbot/db";

/** The engines' drivers wrap rows in their own ways. */
async function readColumn({ db }: Database, statement: string): Promise<string[]> {
  const result: unknown = await db.execute(statement);
  const rows = Array.isArray(result) ? result : (result as { rows: unknown[] }).rows;
  return rows.map((row) => String((row as { value: unknown }).value));
}

/** Which tables, of all there are, have a row that holds the text in any of its columns. */
export async function findTablesWith(database: Database, text: string): Promise<string[]> {
  const tables = "select relname as value from pg_stat_user_tables where schemaname = 'public' order by relname";
  const found: string[] = [];
  for (const table of await readColumn(database, tables)) {
    const rows = await readColumn(database, `select stored::text as value from "${table}" as stored`);
    if (rows.some((row) => row.includes(text))) found.push(table);
  }
  return found;
}
