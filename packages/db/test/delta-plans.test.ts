import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createStatements,
  type Database,
  type Db,
  environmentKeyId,
  openDatabase,
  type Statements,
} from "../src/index.ts";
import {
  anyClaim,
  anyTimes,
  createTestPostgres,
  describePostgres,
  makeRun,
  type TestPostgres,
} from "../src/testing/index.ts";

/** PostgreSQL makes plans of its own for the first five executions on a connection, and then keeps one. */
const untilPlanIsKept = 7;

describePostgres("statements on deltas", () => {
  let server: TestPostgres;
  let database: Database;
  beforeAll(async () => {
    server = await createTestPostgres();
    // One connection, so that all executions share its plans.
    database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 1 });
  });
  afterAll(async () => {
    await database.close();
    await server.drop();
  });

  const wholeTableReads = async (db: Db): Promise<number> => {
    const [read] = await db
      .select({ rows: sql<number>`seq_tup_read`.mapWith(Number) })
      .from(sql`pg_stat_xact_user_tables`)
      .where(sql`relname = 'run_deltas'`);
    return read?.rows ?? 0;
  };

  it("read by key though their plans were made while the table was empty", async () => {
    const { runId } = await makeRun(createStatements(database.db));
    const [lease] = await createStatements(database.db).claimRuns(anyClaim);
    const delta = { runId, leaseToken: lease?.leaseToken ?? "", keyId: environmentKeyId, text: "x", leaseMs: 60_000 };
    const runAll = async (statements: Statements, seq: number) => {
      await statements.readDeltas([{ runId, epoch: 1, seq: 1 }]);
      await statements.readStreamedText({ runId: runId + 1, epoch: 1 });
      await statements.listChangedRuns([{ runId, epoch: 1, seq: 1 }]);
      const [result] = await statements.insertDeltas([{ ...delta, seq }], { ...anyTimes, maxBytes: 1_000_000 });
      return result?.outcome;
    };
    await database.db.execute(sql`vacuum run_deltas`);
    for (let time = 0; time < untilPlanIsKept; time += 1)
      expect(await runAll(createStatements(database.db), 2)).toBe("gap");
    await database.db.execute(sql`
      insert into run_deltas (run_id, epoch, seq, text, text_bytes)
      select run, 1, seq, 'x', seq from generate_series(${runId}::int, ${runId}::int + 99) as run, generate_series(1, 100) as seq`);
    await database.db.transaction(async (tx) => {
      expect(await runAll(createStatements(tx), 101)).toBe("stored");
      expect(await wholeTableReads(tx)).toBe(0);
    });
  });
});
