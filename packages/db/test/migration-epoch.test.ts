import { serviceKeyScopes } from "@deepbot/contract";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql, type SQL } from "drizzle-orm";
import type { PgliteDatabase } from "drizzle-orm/pglite";
import { migrate as migrateEmbedded } from "drizzle-orm/pglite/migrator";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { migrate as migratePostgres } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStatements, type Database, environmentKeyId, type Statements } from "../src/index.ts";
import { migrationsFolder } from "../src/migrations.ts";
import { anyClaim, anyTimes, describePostgres, findViolations, noViolations } from "../src/testing/index.ts";
import { openEmpty, type EmptyDatabase } from "./empty-database.ts";
import { originalSchema } from "./original-schema.ts";

/** Brings a database to the schema of the version before: every migration but the last. */
async function migrateToVersionBefore({ engine, db }: Pick<Database, "engine" | "db">): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-migrations-"));
  await cp(migrationsFolder, folder, { recursive: true });
  const journalFile = join(folder, "meta/_journal.json");
  const journal = JSON.parse(await readFile(journalFile, "utf8")) as { entries: { tag: string }[] };
  const entries = journal.entries.filter(({ tag }) => tag < "0005");
  await writeFile(journalFile, JSON.stringify({ ...journal, entries }));
  if (engine === "postgres") await migratePostgres(db as PostgresJsDatabase, { migrationsFolder: folder });
  else await migrateEmbedded(db as unknown as PgliteDatabase, { migrationsFolder: folder });
  await rm(folder, { recursive: true });
}

/** The statements of the version before that name what has changed, as that version sends them. */
const before = {
  claim: (runId: number) => sql`
    update runs set
      state = 'running', attempt = attempt + 1, generation = generation + 1, worker = 'w',
      lease_token = gen_random_uuid(), lease_until = clock_timestamp() + interval '1 minute',
      started_at = coalesce(started_at, clock_timestamp()), error_code = null, error_message = null
    where runs.run_id = ${runId}
    returning runs.generation`,
  release: (runId: number) => sql`
    update runs set state = 'queued', attempt = attempt - 1, lease_until = null where run_id = ${runId}`,
  insert: ({ runId, seq, text }: { runId: number; seq: number; text: string }) => sql`
    with stored as (
      insert into run_events (run_id, generation, seq, text, said_bytes)
      select run_id, generation, ${seq}::int, ${text}::text, ${text.length}::int from runs where run_id = ${runId}
      on conflict do nothing
      returning run_id
    ) select count(*)::int as stored from stored`,
  insertUncounted: ({ runId, seq, text }: { runId: number; seq: number; text: string }) => sql`
    insert into run_events (run_id, generation, seq, text)
    select run_id, generation, ${seq}::int, ${text}::text from runs where run_id = ${runId}
    on conflict do nothing`,
  last: (runId: number) => sql`
    select generation, last.seq, last.said_bytes from runs left join lateral (
      select run_events.seq, run_events.said_bytes from run_events
      where run_events.run_id = runs.run_id and run_events.generation = runs.generation
      order by run_events.seq desc limit 1
    ) as last on true where runs.run_id = ${runId}`,
  follow: (runId: number) => sql`
    select generation, coalesce((
      select json_agg(json_build_object('seq', run_events.seq, 'text', run_events.text) order by run_events.seq)
      from run_events
      where run_events.run_id = "runs"."run_id" and run_events.generation = "runs"."generation"
    ), '[]') as deltas from runs where run_id = ${runId}`,
  prune: sql`
    delete from "run_events" where not exists (
      select 1 from runs
      where runs.run_id = "run_events"."run_id"
        and (ended_at is null or ended_at > now() - 0::float8 * interval '1 millisecond')
    )`,
  eraseUser: (userId: number) => sql`
    delete from "run_events" where run_id in (
      select runs.run_id from runs join dialogs on dialogs.dialog_id = runs.dialog_id where dialogs.user_id = ${userId}
    )`,
};

/** Rows of a result, which the two drivers give in different shapes. */
async function rowsOf(database: Database, statement: SQL): Promise<unknown[]> {
  const result: unknown = await database.db.execute(statement);
  if (Array.isArray(result)) return Array.from(result);
  return (result as { rows: unknown[] }).rows;
}

/** A dialog with one queued run, stored without the help of statements of any version. */
async function insertRun(database: Database, userId: number): Promise<number> {
  const [run] = await rowsOf(
    database,
    sql`
      with dialog as (
        insert into dialogs (user_id, dialog_name, status_flag, last_seq) values (${userId}, 'a dialog', true, 1)
        returning dialog_id
      ), message as (
        insert into messages (dialog_id, user_id, content, seq) select dialog_id, ${userId}, 'a question', 1 from dialog
        returning dialog_id, message_id
      )
      insert into runs (dialog_id, question_id, max_attempts, deadline_at)
      select dialog_id, message_id, 3, now() + interval '1 hour' from message
      returning run_id::int as id`,
  );
  return (run as { id: number }).id;
}

function suite(engine: "memory" | "postgres"): void {
  describe.each([
    ["an empty database", []],
    ["a database of the original back end", originalSchema],
  ])("%s", (_, schema) => {
    let empty: EmptyDatabase;
    let database: Database;
    let statements: Statements;
    let userId: number;
    let running: number;
    let ended: number;

    beforeAll(async () => {
      empty = await openEmpty(engine);
      ({ database } = empty);
      statements = createStatements(database.db);
      for (const statement of schema) await database.db.execute(statement);
      await migrateToVersionBefore(database);
      const [user] = await rowsOf(
        database,
        sql`insert into users (mail, google_id) values ('a@example.com', 'a') returning user_id::int as id`,
      );
      userId = (user as { id: number }).id;
      running = await insertRun(database, userId);
      ended = await insertRun(database, userId);
      for (const runId of [running, ended]) {
        await database.db.execute(before.claim(runId));
        await database.db.execute(before.release(runId));
        await database.db.execute(before.claim(runId));
        await database.db.execute(before.insert({ runId, seq: 1, text: "from before" }));
      }
      await database.db.execute(sql`
        update runs set state = 'expired', ended_at = now(), lease_until = null where run_id = ${ended}`);
      await database.db.execute(sql`
        update dialogs set status_flag = false where dialog_id = (select dialog_id from runs where run_id = ${ended})`);
      await database.migrate();
    });
    afterAll(() => empty.drop());

    it("keeps the epoch and the text of runs that were open during the migration", async () => {
      expect(await statements.findRun({ runId: running, userId })).toMatchObject({ state: "running", epoch: 2 });
      expect(await statements.readStreamedText({ runId: running, epoch: 2 })).toEqual({ seq: 1, text: "from before" });
    });

    it("keeps runs that had ended, and heals them as before", async () => {
      expect(await statements.findRun({ runId: ended, userId })).toMatchObject({ state: "expired" });
      const { dialogId = 0 } = (await statements.findRun({ runId: ended, userId })) ?? {};
      expect(
        await statements.storeReply({
          userId,
          dialogId,
          text: "late",
          messagesPerDialog: 100,
          assistantIds: null,
          scopes: serviceKeyScopes,
        }),
      ).toEqual({
        kind: "completed",
        runId: ended,
        assistantId: 1,
        from: "expired",
      });
      expect(await findViolations(database.db)).toEqual(noViolations);
    });

    it("shows claims and deltas of the version before to this one", async () => {
      const runId = await insertRun(database, userId);
      expect(await rowsOf(database, before.claim(runId))).toEqual([{ generation: 1 }]);
      expect(await rowsOf(database, before.insert({ runId, seq: 1, text: "abc" }))).toEqual([{ stored: 1 }]);
      expect(await rowsOf(database, before.insert({ runId, seq: 1, text: "abc" }))).toEqual([{ stored: 0 }]);
      await database.db.execute(before.insertUncounted({ runId, seq: 2, text: "de" }));
      expect(await statements.findRun({ runId, userId })).toMatchObject({ epoch: 1 });
      expect(await statements.readDeltas([{ runId, epoch: 1, seq: 0 }])).toEqual([
        { runId, epoch: 1, seq: 1, text: "abc" },
        { runId, epoch: 1, seq: 2, text: "de" },
      ]);
      expect(await statements.listChangedRuns([{ runId, epoch: 1, seq: 1 }])).toEqual([runId]);
      await database.db.execute(
        sql`delete from dialogs where dialog_id = (select dialog_id from runs where run_id = ${runId})`,
      );
    });

    it("shows claims and deltas of this version to the one before", async () => {
      const runId = await insertRun(database, userId);
      await database.db.execute(before.claim(runId));
      await database.db.execute(before.release(runId));
      const [claimed] = await statements.claimRuns(anyClaim);
      expect(claimed?.runId).toBe(runId);
      const delta = {
        runId,
        leaseToken: claimed?.leaseToken ?? "",
        keyId: environmentKeyId,
        seq: 1,
        text: "abc",
        leaseMs: 60_000,
      };
      expect(await statements.insertDeltas([delta], { ...anyTimes, maxBytes: 100 })).toMatchObject([
        { outcome: "stored", epoch: 2 },
      ]);
      expect(await rowsOf(database, before.last(runId))).toEqual([{ generation: 2, seq: 1, said_bytes: 3 }]);
      expect(await rowsOf(database, before.follow(runId))).toEqual([
        { generation: 2, deltas: [{ seq: 1, text: "abc" }] },
      ]);
      expect(await rowsOf(database, before.insert({ runId, seq: 2, text: "d" }))).toEqual([{ stored: 1 }]);
      expect(
        await statements.insertDeltas([{ ...delta, seq: 2, text: "d" }], { ...anyTimes, maxBytes: 100 }),
      ).toMatchObject([{ outcome: "repeated" }]);
      expect(await statements.readStreamedText({ runId, epoch: 2 })).toEqual({ seq: 2, text: "abcd" });
    });

    it("lets the version before prune and erase", async () => {
      const left = () => rowsOf(database, sql`select distinct run_id::int as id from run_deltas order by 1`);
      const open = await insertRun(database, userId);
      await database.db.execute(before.claim(open));
      await database.db.execute(before.insert({ runId: open, seq: 1, text: "x" }));
      expect(await left()).toContainEqual({ id: ended });
      await database.db.execute(before.prune);
      expect(await left()).not.toContainEqual({ id: ended });
      expect(await left()).toContainEqual({ id: open });
      await database.db.execute(before.eraseUser(userId));
      expect(await left()).toEqual([]);
    });
  });
}

describe("from generations to epochs (embedded)", () => suite("memory"));
describePostgres("from generations to epochs (PostgreSQL)", () => {
  suite("postgres");

  it("statements that connections of the version before have prepared go on working", async () => {
    const empty = await openEmpty("postgres");
    await migrateToVersionBefore(empty.database);
    const client = postgres(empty.url ?? "", { max: 1, onnotice: () => {} });
    const texts = [
      "insert into run_events (run_id, generation, seq, text, said_bytes) values ($1, 1, 1, 'x', 1) on conflict do nothing returning run_id",
      "select seq, said_bytes from run_events where run_id = $1 and generation = 1",
      "update runs set generation = generation + 1 where run_id = $1 returning generation",
      "delete from run_events where run_id = $1",
    ];
    const runAll = async (runId: number) => {
      const results: unknown[] = [];
      for (const text of texts) results.push(Array.from(await client.unsafe(text, [runId], { prepare: true })));
      return results;
    };
    const expected = (runId: number) => [[{ run_id: String(runId) }], [{ seq: 1, said_bytes: 1 }], [], []];
    for (let time = 0; time < 7; time += 1) expect(await runAll(time)).toEqual(expected(time));
    await empty.database.migrate();
    expect(await runAll(8)).toEqual(expected(8));
    await client.end();
    await empty.drop();
  });
});
