import { serviceKeyScopes } from "@deepbot/contract";
import { eq, sql } from "drizzle-orm";
import { expect, it, vi } from "vitest";
import { createStatements, environmentKeyId } from "../src/index.ts";
import { botUserId, dialogs, messages, runDeltas, runs, sessions, users } from "../src/schema/index.ts";
import {
  anyClaim,
  anyQuestion,
  anyTimes,
  describeEachEngine,
  describePostgres,
  findViolations,
  makeRun,
  makeUser,
  noViolations,
  openTestDatabase,
  useDatabase,
} from "../src/testing/index.ts";

describeEachEngine("deleting a user", (engine) => {
  const suite = useDatabase(engine);

  const claim = async (runId: number) => {
    const claimed = await suite.statements.claimRuns({ ...anyClaim, max: 100 });
    const run = claimed.find((candidate) => candidate.runId === runId);
    if (run === undefined) throw new Error("The run was not claimed.");
    return run;
  };
  const rowsOf = async ({ userId, runId }: { userId: number; runId: number }) => ({
    users: await suite.database.db.$count(users, eq(users.userId, userId)),
    sessions: await suite.database.db.$count(sessions, eq(sessions.userId, userId)),
    dialogs: await suite.database.db.$count(dialogs, eq(dialogs.userId, userId)),
    messages: await suite.database.db.$count(messages, eq(messages.userId, userId)),
    runs: await suite.database.db.$count(runs, eq(runs.runId, runId)),
    deltas: await suite.database.db.$count(runDeltas, eq(runDeltas.runId, runId)),
  });
  const none = { users: 0, sessions: 0, dialogs: 0, messages: 0, runs: 0, deltas: 0 };

  it("takes every row of theirs along, deltas included, and nobody else's", async () => {
    const ann = await makeRun(suite.statements);
    const bob = await makeRun(suite.statements);
    const { leaseToken } = await claim(ann.runId);
    await suite.statements.insertDeltas(
      [{ runId: ann.runId, leaseToken, keyId: environmentKeyId, seq: 1, text: "half", leaseMs: 60_000 }],
      { ...anyTimes, maxBytes: 1_000 },
    );
    const ofBob = await rowsOf(bob);
    expect(await rowsOf(ann)).toEqual({ users: 1, sessions: 1, dialogs: 1, messages: 1, runs: 1, deltas: 1 });
    expect(await suite.statements.deleteUser(ann.userId)).toEqual({
      dialogIds: [ann.dialogId],
      sessionIds: [expect.any(String)],
    });
    expect(await rowsOf(ann)).toEqual(none);
    expect(await rowsOf(bob)).toEqual(ofBob);
  });

  it("is done once: nobody is deleted twice, nor the bot ever", async () => {
    const { userId } = await makeUser(suite.statements);
    const deleted = await Promise.all([1, 2, 3].map(() => suite.statements.deleteUser(userId)));
    expect(deleted.filter((outcome) => outcome !== undefined)).toHaveLength(1);
    expect(await suite.statements.deleteUser(botUserId)).toBeUndefined();
    expect(await suite.database.db.$count(users, eq(users.userId, botUserId))).toBe(1);
  });

  it("gets along with all that happens at the same moment: no deadlock, and nothing is left", async () => {
    for (let round = 0; round < 10; round += 1) {
      const ann = await makeRun(suite.statements);
      const { leaseToken } = await claim(ann.runId);
      const second = await suite.statements.insertDialog({ userId: ann.userId, dialogName: "second", limit: 5 });
      const question = { ...anyQuestion, userId: ann.userId };
      const [deleted] = await Promise.all([
        suite.statements.deleteUser(ann.userId),
        suite.statements.completeRun({
          runId: ann.runId,
          leaseToken,
          keyId: environmentKeyId,
          text: "an answer",
          usage: null,
        }),
        suite.statements.insertQuestion({ ...question, dialogId: second ?? 0, text: "asked meanwhile" }),
        suite.statements.insertDialog({ userId: ann.userId, dialogName: "third", limit: 5 }),
        suite.statements.extendLease({
          runId: ann.runId,
          leaseToken,
          keyId: environmentKeyId,
          ...anyTimes,
          leaseMs: 60_000,
        }),
        suite.statements.storeReply({
          dialogId: ann.dialogId,
          userId: ann.userId,
          text: "a reply",
          messagesPerDialog: 100,
          assistantIds: null,
          scopes: serviceKeyScopes,
        }),
        suite.statements.revokeUserCredentials(ann.userId),
        suite.statements.reapRuns({ limit: 100, cancelGraceMs: 0 }),
      ]);
      expect(deleted).toBeDefined();
      expect(await rowsOf(ann)).toEqual(none);
    }
    expect(await findViolations(suite.database.db)).toEqual(noViolations);
  });
});

describePostgres("deleting a user while a statement of another server holds a dialog", () => {
  it("waits for it without holding what it needs, and lets no new dialog slip in", async () => {
    const database = await openTestDatabase("postgres");
    const statements = createStatements(database.db);
    const { userId, dialogId } = await makeRun(statements);
    const countWaiting = async (): Promise<number> => {
      const [row] = await database.db
        .select({ waiting: sql<number>`count(*)`.mapWith(Number) })
        .from(sql`pg_stat_activity`)
        .where(sql`datname = current_database() and wait_event_type = 'Lock'`);
      return row?.waiting ?? 0;
    };
    const untilWaiting = (count: number) => vi.waitUntil(async () => (await countWaiting()) === count, 10_000);

    const { deletion, creation } = await database.db.transaction(async (tx) => {
      await tx.select().from(dialogs).where(eq(dialogs.dialogId, dialogId)).for("update");
      const begun = statements.deleteUser(userId);
      await untilWaiting(1);
      const second = statements.insertDialog({ userId, dialogName: "second", limit: 5 });
      await untilWaiting(2);
      // Its foreign key locks the user's row: a deletion that held the row would wait for us while we wait for it.
      await tx.insert(messages).values({ dialogId, userId, content: "stored meanwhile", seq: 2 });
      return { deletion: begun, creation: second };
    });

    expect(await deletion).toMatchObject({ dialogIds: [dialogId] });
    expect(await creation).toBeUndefined();
    expect(await database.db.$count(dialogs)).toBe(0);
    expect(await database.db.$count(messages)).toBe(0);
    await database.close();
  });
});

describeEachEngine("every foreign key", (engine) => {
  it("has an index that begins with its columns, so that no deletion reads a whole table", async () => {
    const database = await openTestDatabase(engine);
    const unindexed = await database.db
      .select({ name: sql<string>`conname` })
      .from(sql`pg_constraint`)
      .where(
        sql`contype = 'f' and not exists (
          select 1 from pg_index
          where indrelid = conrelid and indpred is null and (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
        )`,
      );
    expect(unindexed).toEqual([]);
    await database.close();
  });
});
