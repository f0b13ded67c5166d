import { execFile, spawn, spawnSync } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { sql } from "drizzle-orm";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Database, environmentKeyId, openDatabase } from "../src/index.ts";
import { createStatements, type Statements } from "../src/statements/index.ts";
import { createTestPostgres, describePostgres } from "../src/testing/engines.ts";
import { anyClaim, anyTimes, makeRun } from "../src/testing/factories.ts";
import { findViolations, noViolations } from "../src/testing/invariants.ts";

const run = promisify(execFile);
const hasTools = spawnSync("pg_dump", ["--version"]).status === 0;
const scriptOf = (name: string): string => fileURLToPath(new URL(`../../../docker/${name}.sh`, import.meta.url));

async function openStatements(url: string) {
  const database = await openDatabase({ engine: "postgres", url });
  onTestFinished(() => database.close());
  await database.migrate();
  return { url, database, statements: createStatements(database.db) };
}

/** A completed run, one whose answer is being streamed, and an audited sign-in. */
async function makeHistory(statements: Statements): Promise<{ done: Owned; open: Owned }> {
  const done = await makeRun(statements, { text: "answered" });
  const [first] = await statements.claimRuns(anyClaim);
  await statements.completeRun({
    runId: done.runId,
    leaseToken: first?.leaseToken ?? "",
    keyId: environmentKeyId,
    text: "yes",
    usage: null,
  });
  const open = await makeRun(statements, { text: "streaming" });
  const [second] = await statements.claimRuns(anyClaim);
  const delta = {
    runId: open.runId,
    leaseToken: second?.leaseToken ?? "",
    keyId: environmentKeyId,
    seq: 1,
    text: "so far",
    leaseMs: 60_000,
  };
  expect(await statements.insertDeltas([delta], { ...anyTimes, maxBytes: 1000 })).toMatchObject([
    { outcome: "stored" },
  ]);
  const origin = { sessionId: null, keyId: null, address: "192.0.2.1", facts: { reason: "x" }, ageMs: 0 };
  await statements.insertAuditEvents([{ kind: "signed_in", userId: done.userId, ...origin }]);
  return { done, open };
}

type Owned = Awaited<ReturnType<typeof makeRun>>;

/** Runs `backup.sh`. @returns the file with the backup */
async function backUp(url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-backup-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "backup.dump");
  const script = spawn(scriptOf("backup"), [url], { stdio: ["ignore", "pipe", "inherit"] });
  await pipeline(script.stdout, createWriteStream(file));
  return file;
}

/** The environment in which the tools of PostgreSQL find a database. */
function environmentOf(url: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname } = new URL(url);
  const database = { PGHOST: hostname, PGPORT: port || "5432", PGUSER: username, PGPASSWORD: password };
  return { ...process.env, ...database, PGDATABASE: pathname.slice(1) };
}

/** Runs `restore.sh` as in the container, where the environment names the database. */
async function restore(file: string, url: string): Promise<{ code: number; said: string }> {
  const script = spawn(scriptOf("restore"), { stdio: ["pipe", "inherit", "pipe"], env: environmentOf(url) });
  const exited = once(script, "exit") as Promise<[number]>;
  const said = text(script.stderr);
  // A script that refuses reads nothing.
  await pipeline(createReadStream(file), script.stdin).catch(() => {});
  return { code: (await exited)[0], said: await said };
}

async function createDatabase(): Promise<string> {
  const database = await createTestPostgres();
  onTestFinished(() => database.drop());
  return database.url;
}

/** A database without a table. */
async function createEmptyDatabase(): Promise<string> {
  const url = await createDatabase();
  const name = new URL(url).pathname.slice(1);
  const env = environmentOf(url);
  await run("dropdb", ["--force", name], { env });
  await run("createdb", [name], { env });
  return url;
}

/** What the driver of PostgreSQL gives. */
function rowsOf<Row>(result: unknown): Row[] {
  return [...(result as Row[])];
}

/** Every row of every table but the deltas', as text. */
async function readAll({ db }: Database): Promise<Record<string, string[]>> {
  const tables = rowsOf<{ name: string }>(
    await db.execute(sql`
    select schemaname || '.' || tablename as name from pg_tables
    where schemaname in ('public', 'drizzle') and tablename <> 'run_deltas' order by 1`),
  );
  const read = async ({ name }: { name: string }): Promise<[string, string[]]> => {
    const rows = rowsOf<{ row: string }>(await db.execute(`select t::text as row from ${name} as t order by 1`));
    return [name, rows.map(({ row }) => row)];
  };
  return Object.fromEntries(await Promise.all(tables.map(read)));
}

describePostgres("the scripts that back up and restore (PostgreSQL)", () => {
  describe.skipIf(!hasTools)("with pg_dump installed", () => {
    it("bring every row of every table but deltas into an empty database, which the server then continues", async () => {
      const source = await openStatements(await createDatabase());
      const { done, open } = await makeHistory(source.statements);
      const backup = await backUp(source.url);
      const target = await createEmptyDatabase();
      expect(await restore(backup, target)).toEqual({ code: 0, said: "" });

      const { database, statements } = await openStatements(target);
      const before = await readAll(source.database);
      expect(before["public.audit_events"]).toHaveLength(1);
      expect(await readAll(database)).toEqual(before);
      expect(await statements.findRun(done)).toMatchObject({ state: "completed" });
      expect(await statements.findRun(open)).toMatchObject({ state: "running", epoch: 1 });
      expect(await statements.readStreamedText({ runId: open.runId, epoch: 1 })).toEqual({ seq: 0, text: "" });
      expect(await findViolations(database.db)).toEqual(noViolations);
      const next = await makeRun(statements);
      expect(next.runId).toBeGreaterThan(open.runId);
    });

    it("refuse to restore over a database that is not empty, and leave it as it is", async () => {
      const source = await openStatements(await createDatabase());
      await makeHistory(source.statements);
      const backup = await backUp(source.url);
      const target = await openStatements(await createDatabase());
      const before = await readAll(target.database);
      const { code, said } = await restore(backup, target.url);
      expect([code, said]).toEqual([1, expect.stringMatching(/not empty/)]);
      expect(await readAll(target.database)).toEqual(before);
    });

    it("restore nothing of a backup that is cut off", async () => {
      const source = await openStatements(await createDatabase());
      await makeHistory(source.statements);
      const backup = await backUp(source.url);
      const whole = await readFile(backup);
      await pipeline([whole.subarray(0, whole.length - 2_000)], createWriteStream(backup));
      const target = await createEmptyDatabase();
      expect((await restore(backup, target)).code).not.toBe(0);
      const { db, close } = await openDatabase({ engine: "postgres", url: target });
      const tables = await db.execute(sql`select 1 from pg_tables where schemaname in ('public', 'drizzle')`);
      await close();
      expect(tables).toHaveLength(0);
    });
  });
});
