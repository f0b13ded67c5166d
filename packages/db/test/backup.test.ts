import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../src/open/open-database.ts";
import { createStatements, type Statements } from "../src/statements/index.ts";
import { createTestPostgres, describePostgres } from "../src/testing/engines.ts";
import { anyClaim, makeRun } from "../src/testing/factories.ts";
import { findViolations, noViolations } from "../src/testing/invariants.ts";

const run = promisify(execFile);
const hasTools = spawnSync("pg_dump", ["--version"]).status === 0;
const playbook = new URL("../../../docs/failure-playbook.md", import.meta.url);

/** Options of a command in the playbook, between the user that it names and the database's name. */
async function documentedOptions(command: string): Promise<string[]> {
  const found = new RegExp(`\\b${command} --username app (.*?)(?: ?appdb)? [<>] `).exec(
    await readFile(playbook, "utf8"),
  );
  if (found?.[1] === undefined) throw new Error(`The playbook does not run ${command}.`);
  return found[1].replace("--dbname appdb", "").replaceAll("'", "").split(" ").filter(Boolean);
}

async function openStatements(url: string) {
  const database = await openDatabase({ engine: "postgres", url });
  onTestFinished(() => database.close());
  await database.migrate();
  return { database, statements: createStatements(database.db) };
}

/** A completed run, and one whose answer is being streamed. */
async function makeHistory(statements: Statements): Promise<{ done: Owned; open: Owned }> {
  const done = await makeRun(statements, { text: "answered" });
  const [first] = await statements.claimRuns(anyClaim);
  await statements.completeRun({ runId: done.runId, leaseToken: first?.leaseToken ?? "", text: "yes", usage: null });
  const open = await makeRun(statements, { text: "streaming" });
  const [second] = await statements.claimRuns(anyClaim);
  const delta = { runId: open.runId, leaseToken: second?.leaseToken ?? "", seq: 1, text: "so far", leaseMs: 60_000 };
  expect(await statements.insertDeltas([delta], 1000)).toMatchObject([{ outcome: "stored" }]);
  return { done, open };
}

type Owned = Awaited<ReturnType<typeof makeRun>>;

/** Makes a backup as the playbook says. */
async function backUp(url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-backup-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "backup.dump");
  await run("pg_dump", [...(await documentedOptions("pg_dump")), "--file", file, url]);
  return file;
}

async function createDatabase(): Promise<string> {
  const database = await createTestPostgres();
  onTestFinished(() => database.drop());
  return database.url;
}

/** The same database, dropped and made anew. */
async function empty(url: string): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const name = pathname.slice(1);
  const env = { ...process.env, PGHOST: hostname, PGPORT: port || "5432", PGUSER: username, PGPASSWORD: password };
  await run("dropdb", ["--force", name], { env });
  await run("createdb", [name], { env });
}

describePostgres("the backup of the failure playbook (PostgreSQL)", () => {
  describe.skipIf(!hasTools)("with pg_dump installed", () => {
    let options: string[];

    beforeAll(async () => {
      options = await documentedOptions("pg_restore");
    });

    it("restores everything but deltas into an empty database, which the server then continues", async () => {
      const source = await createDatabase();
      const { done, open } = await makeHistory((await openStatements(source)).statements);
      const backup = await backUp(source);
      const target = await createDatabase();
      await empty(target);
      await run("pg_restore", [...options, "--dbname", target, backup]);

      const { database, statements } = await openStatements(target);
      expect(await statements.findRun(done)).toMatchObject({ state: "completed" });
      expect(await statements.findRun(open)).toMatchObject({ state: "running", epoch: 1 });
      expect(await statements.readStreamedText({ runId: open.runId, epoch: 1 })).toEqual({ seq: 0, text: "" });
      expect(await findViolations(database.db)).toEqual(noViolations);
      const next = await makeRun(statements);
      expect(next.runId).toBeGreaterThan(open.runId);
    });

    it("refuses to restore over a migrated database", async () => {
      const source = await createDatabase();
      await makeHistory((await openStatements(source)).statements);
      const backup = await backUp(source);
      const target = await createDatabase();
      await expect(run("pg_restore", [...options, "--dbname", target, backup])).rejects.toMatchObject({ code: 1 });
    });
  });
});
