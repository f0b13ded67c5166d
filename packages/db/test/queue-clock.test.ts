import { eq, sql } from "drizzle-orm";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createStatements, type Database, environmentKeyId, openDatabase, type Statements } from "../src/index.ts";
import { queueClock, runs } from "../src/schema/index.ts";
import { anyClaim, createTestPostgres, describePostgres, makeRun, type TestPostgres } from "../src/testing/index.ts";

describePostgres("the clock of the queue", () => {
  let server: TestPostgres;
  let database: Database;
  let statements: Statements;
  beforeAll(async () => {
    server = await createTestPostgres();
    // One connection: the counters of a transaction are those of its connection.
    database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 1 });
    statements = createStatements(database.db);
  });
  afterAll(async () => {
    await database.close();
    await server.drop();
  });
  afterEach(async () => {
    await database.db.execute(sql`delete from dialogs`);
  });

  const claim = (max = 1) => statements.claimRuns({ ...anyClaim, max });
  const idsOf = (claimed: { runId: number }[]) => claimed.map(({ runId }) => runId);
  const clock = async () => (await database.db.select().from(queueClock))[0];
  const passTime = (seconds: number) => {
    const earlier = sql`now() - ${seconds}::int * interval '1 second'`;
    return database.db.update(queueClock).set({ movedAt: earlier, floorMovedAt: earlier, tailMovedAt: earlier });
  };
  /** As after a long time in which others were served. */
  const setClock = (values: Partial<typeof queueClock.$inferInsert>) => database.db.update(queueClock).set(values);

  /** Queued runs in one dialog each, with rising start tags from the clock's on. */
  const insertRuns = (count: number) =>
    database.db.execute(sql`
      with person as (
        insert into users (mail, google_id) values ('m', gen_random_uuid()::text) returning user_id
      ), dialog as (
        insert into dialogs (user_id, dialog_name, status_flag, last_seq)
        select user_id, 'a dialog', true, 1 from person, generate_series(1, ${count}) returning dialog_id, user_id
      ), question as (
        insert into messages (dialog_id, user_id, content, seq) select dialog_id, user_id, 'x', 1 from dialog
        returning dialog_id, message_id
      )
      insert into runs (dialog_id, question_id, max_attempts, deadline_at, start_tag)
      select dialog_id, message_id, 3, now() + interval '1 hour',
        (select virtual_time from queue_clock) + row_number() over (order by dialog_id)
      from question`);
  /** How many index entries a claim reads to find its run. */
  const entriesRead = () =>
    database.db.transaction(async (tx) => {
      const counter = async (): Promise<number> => {
        const read = sql<number>`pg_stat_get_xact_tuples_returned('runs_start_tag_idx'::regclass)`.mapWith(Number);
        return (await tx.select({ read }).from(sql`(values (1)) as once`))[0]?.read ?? NaN;
      };
      // The connection may have counted what it has not passed on yet.
      const before = await counter();
      const [claimed] = await createStatements(tx).claimRuns(anyClaim);
      return { runId: claimed?.runId, entries: (await counter()) - before };
    });

  it("lets claims pass over what was claimed before, though an open transaction keeps it from being removed", async () => {
    const backup = postgres(server.url, { max: 1 });
    await backup.begin("isolation level repeatable read", async (held) => {
      await held`select count(*) from runs`;
      await insertRuns(1);
      const atFirst = await entriesRead();
      expect(atFirst.runId).toBeDefined();
      await insertRuns(10_000);
      for (let claimed = 0; claimed < 10_000; claimed += 50) {
        expect(await claim(50)).toHaveLength(50);
        if (claimed % 500 === 450) await passTime(3);
      }
      await database.db.execute(sql`
        update runs set state = 'failed', error_code = 'x', lease_until = null, ended_at = now() where state = 'running'`);
      await passTime(3);
      await claim();
      await insertRuns(1);
      const atLast = await entriesRead();
      expect(atLast.runId).toBeDefined();
      expect(atLast.entries).toBeLessThan(atFirst.entries + 600);
    });
    await backup.end();
  });

  it("moves on with the start tags that are claimed, a few times a second, and never back", async () => {
    const before = (await clock())?.virtualTime ?? 0;
    await passTime(1);
    await insertRuns(3);
    await claim();
    expect((await clock())?.virtualTime).toBe(before + 1);
    await claim();
    expect((await clock())?.virtualTime).toBe(before + 1);
    await passTime(1);
    await claim();
    expect((await clock())?.virtualTime).toBe(before + 3);
    const { runId } = await makeRun(statements);
    await database.db.update(runs).set({ startTag: 1 }).where(eq(runs.runId, runId));
    await setClock({ floorTag: 0, floorRunId: 0 });
    await passTime(1);
    expect(idsOf(await claim())).toEqual([runId]);
    expect((await clock())?.virtualTime).toBe(before + 3);
  });

  it("has a run below the floor, whose transaction committed late, claimed seconds later", async () => {
    const { runId } = await makeRun(statements);
    await database.db.update(runs).set({ startTag: 500 }).where(eq(runs.runId, runId));
    await setClock({ virtualTime: 2_000, floorTag: 1_000, tailTag: 400 });
    await passTime(0);
    expect(await claim()).toEqual([]);
    expect(await statements.countClaimableRuns(9)).toEqual([{ assistantId: 1, runs: 1 }]);
    await passTime(2);
    await claim();
    expect(idsOf(await claim())).toEqual([runId]);
  });

  it("waits at the first run that is not claimable yet, and does not pass it", async () => {
    const waiting = await makeRun(statements);
    await database.db
      .update(runs)
      .set({ availableAt: sql`now() + interval '1 hour'` })
      .where(eq(runs.runId, waiting.runId));
    await insertRuns(20);
    for (let n = 0; n < 20; n += 1) {
      await passTime(20);
      await claim();
    }
    await database.db
      .update(runs)
      .set({ availableAt: sql`now()` })
      .where(eq(runs.runId, waiting.runId));
    expect(idsOf(await claim())).toEqual([waiting.runId]);
  });

  it("takes back runs at once that were claimed long ago, and runs of the version before, which have no tag", async () => {
    const { runId } = await makeRun(statements);
    const [lease] = await claim();
    await setClock({ virtualTime: 9_000, floorTag: 9_000, floorRunId: runId + 1, tailTag: 8_000, nextTailTag: 8_500 });
    await statements.releaseRun({ runId, leaseToken: lease?.leaseToken ?? "", keyId: environmentKeyId });
    expect(idsOf(await claim())).toEqual([runId]);
    await insertRuns(1);
    await database.db.execute(sql`
      with old as (delete from runs where state = 'queued' returning *)
      insert into runs (dialog_id, question_id, max_attempts, deadline_at)
      select dialog_id, question_id, max_attempts, deadline_at from old`);
    expect(await claim()).toHaveLength(1);
  });
});
