import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createQueries, databaseErrorCode, uniqueViolation, type Database, type Queries } from "../src/index.ts";
import { messages, runs } from "../src/schema/index.ts";
import {
  describeEachEngine,
  findViolations,
  makeDialog,
  makeRun,
  makeUser,
  noViolations,
  openTestDatabase,
} from "../src/testing/index.ts";

const times = <T>(count: number, task: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => task(index)));

describeEachEngine("in parallel", (engine) => {
  let database: Database;
  let queries: Queries;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
    queries = createQueries(database.db);
  });
  afterAll(() => database.close());

  it("50 creates by one user leave exactly 5 dialogs", async () => {
    const { userId } = await makeUser(queries);
    const created = await times(50, (index) =>
      queries.insertDialog({ userId, dialogName: `dialog ${index}`, limit: 5 }),
    );
    expect(created.filter((dialogId) => dialogId !== undefined)).toHaveLength(5);
    expect(await queries.listDialogs(userId)).toHaveLength(5);
  });

  it("50 sends to one dialog store exactly one message and one run", async () => {
    const dialog = await makeDialog(queries);
    const sent = await times(50, (index) =>
      queries.insertQuestion({
        ...dialog,
        text: `text ${index}`,
        clientMessageId: null,
        deadlineMs: 60_000,
        maxAttempts: 3,
      }),
    );
    expect(sent.filter((runId) => runId !== undefined)).toHaveLength(1);
    const { dialogId } = dialog;
    expect(await database.db.$count(messages, eq(messages.dialogId, dialogId))).toBe(1);
    expect(await database.db.$count(runs, eq(runs.dialogId, dialogId))).toBe(1);
  });

  it("50 repeats of one message store it once", async () => {
    const dialog = await makeDialog(queries);
    const question = {
      ...dialog,
      text: "once",
      clientMessageId: "6a7c1f0e-3a0b-4b9e-9f59-1f1c7f6c2d11",
      deadlineMs: 60_000,
      maxAttempts: 3,
    };
    const sent = await times(50, () =>
      queries.insertQuestion(question).catch((error: unknown) => {
        expect(databaseErrorCode(error)).toBe(uniqueViolation);
        return undefined;
      }),
    );
    expect(sent.filter((runId) => runId !== undefined)).toHaveLength(1);
    const [runId] = sent.filter((id) => id !== undefined);
    expect(await queries.findSendObstacle(question)).toMatchObject({
      openRunId: runId,
      sameMessage: { runId, text: "once" },
    });
  });

  it("8 workers over 200 runs hold each run once and answer it once", async () => {
    const made = await times(200, () => makeRun(queries));
    const held: number[] = [];
    await times(8, async (worker) => {
      for (;;) {
        const claimed = await queries.claimRuns({ worker: `w${worker}`, max: 3, leaseMs: 60_000, historyLimit: 1 });
        if (claimed.length === 0) return;
        held.push(...claimed.map((run) => run.runId));
        for (const run of claimed)
          expect(await queries.completeRun({ ...run, text: "answer", usage: null })).toBeDefined();
      }
    });
    // The run of the test before is in the queue too.
    const own = held.filter((runId) => made.some((run) => run.runId === runId));
    expect(own.toSorted((a, b) => a - b)).toEqual(made.map((run) => run.runId).toSorted((a, b) => a - b));
    expect(new Set(held).size).toBe(held.length);
    for (const { dialogId } of made)
      expect(await database.db.$count(messages, eq(messages.dialogId, dialogId))).toBe(2);
  });

  it("20 answers to one run store one, on either protocol", async () => {
    const { dialogId, userId } = await makeRun(queries);
    const [lease] = await queries.claimRuns({ worker: "w", max: 1, leaseMs: 60_000, historyLimit: 1 });
    if (lease === undefined) throw new Error("There was nothing to claim.");
    const results = await times(20, async (index) => {
      if (index % 2 === 0) return (await queries.completeRun({ ...lease, text: "same", usage: null })) !== undefined;
      return (await queries.storeReply({ dialogId, userId, text: "same" })).kind === "answered";
    });
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await database.db.$count(messages, eq(messages.dialogId, dialogId))).toBe(2);
  });

  it("deleting dialogs while their answers are posted leaves nothing behind and blocks nobody", async () => {
    const made = await times(30, () => makeRun(queries));
    const leases = await queries.claimRuns({ worker: "w", max: 50, leaseMs: 60_000, historyLimit: 1 });
    await Promise.all([
      ...leases.map((lease) => queries.completeRun({ ...lease, text: "answer", usage: null })),
      ...made.map(({ dialogId, userId }) => queries.deleteDialog({ dialogId, userId })),
      queries.settleRuns({ limit: 100, cancelGraceMs: 5_000 }),
    ]);
    for (const { dialogId } of made)
      expect(await database.db.$count(messages, eq(messages.dialogId, dialogId))).toBe(0);
    expect(await findViolations(database.db)).toEqual(noViolations);
  });
});
