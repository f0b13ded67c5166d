import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { createStatements, type Db, type Statements } from "../src/index.ts";
import { describeEachEngine, makeRun, useDatabase } from "../src/testing/index.ts";

describeEachEngine("a page of messages", (engine) => {
  const suite = useDatabase(engine);

  const rowsRead = async (db: Db): Promise<number> => {
    const [read] = await db
      .select({ rows: sql<number>`seq_tup_read + idx_tup_fetch`.mapWith(Number) })
      .from(sql`pg_stat_xact_user_tables`)
      .where(sql`relname = 'messages'`);
    return read?.rows ?? 0;
  };

  /** The page, and how many rows of `messages` were read for it. */
  const readPage = (page: Parameters<Statements["listMessagePage"]>[0]) =>
    suite.database.db.transaction(async (tx) => {
      const before = await rowsRead(tx);
      const found = (await createStatements(tx).listMessagePage(page)) ?? [];
      return { seqs: found.map(({ seq }) => seq), rowsRead: (await rowsRead(tx)) - before };
    });

  it("is cut out of an index: at either end of a long dialog it reads its own messages only", async () => {
    const { userId, dialogId } = await makeRun(suite.statements);
    await suite.database.db.execute(sql`
      insert into messages (dialog_id, user_id, content, seq)
      select ${dialogId}::bigint, ${userId}::bigint, repeat('x', 500), seq from generate_series(2, 20000) as seq`);
    await suite.database.db.execute(sql`vacuum analyze messages`);
    for (const [before, newest] of [
      [null, 20_000],
      [50, 49],
    ] as const) {
      const seqs = Array.from({ length: 20 }, (_, index) => newest - 19 + index);
      const page = await readPage({ dialogId, userId, before, limit: 20 });
      expect(page.seqs).toEqual(seqs);
      // The planner may look at an end of the index by itself.
      expect(page.rowsRead).toBeLessThanOrEqual(22);
    }
  });
});
