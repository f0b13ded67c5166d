import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { createStatements, type Db, type Statements } from "../src/index.ts";
import { describeEachEngine, makeRun, useDatabase } from "../src/testing/index.ts";

const unbounded = 1_000_000_000;

describeEachEngine("a page of messages", (engine) => {
  const suite = useDatabase(engine);

  /** Adds messages of so many bytes each, behind the question that is the first message. */
  const addMessages = async (
    { userId, dialogId }: { userId: number; dialogId: number },
    count: number,
    bytes: number,
  ) => {
    await suite.database.db.execute(sql`
      insert into messages (dialog_id, user_id, content, seq)
      select ${dialogId}::bigint, ${userId}::bigint, repeat('ж', ${bytes / 2}::int), seq
      from generate_series(2, ${count + 1}::int) as seq`);
    await suite.database.db.execute(sql`update dialogs set last_seq = ${count + 1} where dialog_id = ${dialogId}`);
  };

  const rowsRead = async (db: Db): Promise<number> => {
    const [read] = await db
      .select({ rows: sql<number>`seq_tup_read + idx_tup_fetch`.mapWith(Number) })
      .from(sql`pg_stat_xact_user_tables`)
      .where(sql`relname = 'messages'`);
    return read?.rows ?? 0;
  };

  /** The numbers of the messages that `read` finds, and how many rows of `messages` were read for them. */
  const measure = (read: (statements: Statements) => Promise<{ seq: number }[] | undefined>) =>
    suite.database.db.transaction(async (tx) => {
      const before = await rowsRead(tx);
      const found = (await read(createStatements(tx))) ?? [];
      return { seqs: found.map(({ seq }) => seq), rowsRead: (await rowsRead(tx)) - before };
    });
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

  it("is cut out of an index: at either end of a long dialog it reads its own messages only", async () => {
    const { userId, dialogId } = await makeRun(suite.statements);
    await addMessages({ userId, dialogId }, 19_999, 500);
    await suite.database.db.execute(sql`vacuum analyze messages`);
    const size = { limit: 20, maxBytes: unbounded };
    const pages = [
      [20_000, (each: Statements) => each.listMessagePage({ dialogId, userId, before: null, ...size })],
      [49, (each: Statements) => each.listMessagePage({ dialogId, userId, before: 50, ...size })],
      [40, async (each: Statements) => (await each.listMessages({ dialogId, userId, after: 20, ...size }))?.messages],
      [
        20_000,
        async (each: Statements) => (await each.listMessages({ dialogId, userId, after: 19_980, ...size }))?.messages,
      ],
    ] as const;
    for (const [last, read] of pages) {
      const page = await measure(read);
      expect(page.seqs).toEqual(numbers(last - 19, last));
      // The planner may look at an end of the index by itself.
      expect(page.rowsRead).toBeLessThanOrEqual(22);
    }
  });

  it("ends with the message that reaches its bytes, from either end, and never before the first", async () => {
    const { userId, dialogId } = await makeRun(suite.statements);
    await addMessages({ userId, dialogId }, 10, 1_000);
    const { listMessagePage, listMessages } = suite.statements;
    const newest = async (maxBytes: number) =>
      (await listMessagePage({ dialogId, userId, before: null, limit: 100, maxBytes }))?.map(({ seq }) => seq);
    expect(await newest(3_000)).toEqual([9, 10, 11]);
    expect(await newest(3_001)).toEqual([8, 9, 10, 11]);
    expect(await newest(1)).toEqual([11]);
    const after = async (seq: number, maxBytes: number) =>
      (await listMessages({ dialogId, userId, after: seq, limit: 100, maxBytes }))?.messages.map((each) => each.seq);
    expect(await after(1, 3_000)).toEqual([2, 3, 4]);
    expect(await after(1, 3_001)).toEqual([2, 3, 4, 5]);
    expect(await after(1, 1)).toEqual([2]);
    expect(await after(11, 1)).toEqual([]);
  });
});
