import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Database, databaseErrorCode, environmentKeyId, openDatabase } from "../src/index.ts";
import { createStatements } from "../src/statements/index.ts";
import { anyClaim, anyTimes, describePostgres, makeRun } from "../src/testing/index.ts";
import { openEmpty, type EmptyDatabase } from "./empty-database.ts";

const suffix = randomUUID().replaceAll("-", "");
const owner = `deepbot_owner_${suffix}`;
// Quoted wherever it is named: a role may be called anything.
const app = `deepbot-app ${suffix}`;

describePostgres("with a role for the owner of the schema and one for the server", () => {
  let empty: EmptyDatabase;
  let location: { engine: "postgres"; url: string; ownerUrl: string };

  const addressOf = (role: string): string => {
    const url = new URL(empty.url ?? "");
    url.username = encodeURIComponent(role);
    return url.href;
  };

  beforeAll(async () => {
    empty = await openEmpty("postgres");
    const name = new URL(empty.url ?? "").pathname.slice(1);
    for (const statement of [
      `create role ${owner} login`,
      `create role "${app}" login`,
      `alter database ${name} owner to ${owner}`,
      `alter schema public owner to ${owner}`,
    ]) {
      await empty.database.db.execute(statement);
    }
    location = { engine: "postgres", url: addressOf(app), ownerUrl: addressOf(owner) };
  });

  afterAll(async () => {
    for (const role of [owner, `"${app}"`]) {
      await empty.database.db.execute(`drop owned by ${role} cascade`);
      await empty.database.db.execute(`alter database ${new URL(empty.url ?? "").pathname.slice(1)} owner to postgres`);
      await empty.database.db.execute(`drop role ${role}`);
    }
    await empty.drop();
  });

  const use = async <T>(
    where: Parameters<typeof openDatabase>[0],
    work: (database: Database) => Promise<T>,
  ): Promise<T> => {
    const database = await openDatabase(where);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  };

  const refusalOf = (work: Promise<unknown>): Promise<string | undefined> =>
    work.then(
      () => "allowed",
      (error: unknown) => databaseErrorCode(error),
    );

  it("the server cannot migrate", async () => {
    const alone = { engine: "postgres", url: location.url } as const;
    expect(await use(alone, ({ migrate }) => refusalOf(migrate()))).toBe("42501");
  });

  it("the owner migrates, any number of times, and then the server starts without it", async () => {
    await use(location, async ({ migrate }) => {
      await migrate();
      await migrate();
    });
    const alone = { engine: "postgres", url: location.url } as const;
    await expect(use(alone, ({ migrate }) => migrate())).resolves.toBeUndefined();
  });

  it("the server can do its work", async () => {
    await use(location, async ({ db, channel }) => {
      const statements = createStatements(db);
      const { runId, userId } = await makeRun(statements);
      const [run] = await statements.claimRuns(anyClaim);
      const leaseToken = run?.leaseToken ?? "";
      const delta = { runId, leaseToken, keyId: environmentKeyId, seq: 1, text: "hello", leaseMs: 60_000 };
      expect(await statements.insertDeltas([delta], { ...anyTimes, maxBytes: 100 })).toMatchObject([
        { outcome: "stored" },
      ]);
      expect(
        await statements.completeRun({ runId, leaseToken, keyId: environmentKeyId, text: "hello", usage: null }),
      ).toBeDefined();
      await channel?.notify("queue");
      const facts = { kind: "key_used", userId, sessionId: null, keyId: null, address: null, facts: {}, ageMs: 0 };
      await statements.insertAuditEvents([{ ...facts, ageMs: 40 * 86_400_000 }, facts]);
      expect(await statements.pruneAuditEvents({ keepDays: 30, limit: 10 })).toBe(1);
      expect(await statements.deleteUser(userId)).toBeDefined();
    });
  });

  it.each([
    "create table extra (id int)",
    "alter table runs add column extra int",
    "drop table run_deltas",
    "truncate runs",
    "create schema extra",
    "create role extra",
    "update audit_events set kind = 'x'",
    "truncate audit_events",
    "alter table audit_events disable trigger all",
    "delete from drizzle.__drizzle_migrations",
  ])("the server cannot %s", async (statement) => {
    expect(await use(location, ({ db }) => refusalOf(Promise.resolve(db.execute(statement))))).toBe("42501");
  });
});
