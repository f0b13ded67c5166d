import type { Database } from "@deepbot/db";
import { sql } from "@deepbot/db/testing";

/** Which tables have a row that holds the text in any of its columns. */
export async function findTablesWith({ db }: Database, text: string): Promise<string[]> {
  const tables = await db
    .select({ name: sql<string>`relname` })
    .from(sql`pg_stat_user_tables`)
    .where(sql`schemaname = 'public'`)
    .orderBy(sql`relname`);
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await db
      .select({ one: sql`1` })
      .from(sql`${sql.identifier(name)} as stored`)
      .where(sql`strpos(stored::text, ${text}) > 0`)
      .limit(1);
    if (rows.length > 0) found.push(name);
  }
  return found;
}
