import { sql } from "@deepbot/db/testing";
import type { Inspector } from "./database.ts";

interface Count {
  total: string;
}

/** How many statements the database has run so far: of pg_stat_statements, else transactions. */
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
