import { serviceKeyScopes } from "@deepbot/contract";
import { eq, sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { createStatements, databaseErrorCode, uniqueViolation } from "../src/index.ts";
import { dialogs, messages, runs } from "../src/schema/index.ts";
import {
  anyClaim,
  anyQuestion,
  describePostgres,
  findViolations,
  makeDialog,
  makeRun,
  makeUser,
  noViolations,
  useDatabase,
} from "../src/testing/index.ts";

const times = <T>(count: number, task: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => task(index)));

describePostgres("in parallel", () => {
  const suite = useDatabase("postgres");

  it("50 creates by one user leave exactly 5 dialogs", async () => {
    const { userId } = await makeUser(suite.statements);
    const created = await times(50, (index) =>
      suite.statements.insertDialog({ userId, dialogName: `dialog ${index}`, limit: 5 }),
    );
    expect(created.filter((dialogId) => dialogId !== undefined)).toHaveLength(5);
    expect(await suite.statements.listDialogs(userId)).toHaveLength(5);
  });

  it("50 sends to one dialog store exactly one message and one run", async () => {
    const dialog = await makeDialog(suite.statements);
    const sent = await times(50, (index) =>
      suite.statements.insertQuestion({
        ...anyQuestion,
        ...dialog,
        text: `text ${index}`,
      }),
    );
    expect(sent.filter((run) => run !== undefined)).toHaveLength(1);
    const { dialogId } = dialog;
    expect(await suite.database.db.$count(messages, eq(messages.dialogId, dialogId))).toBe(1);
    expect(await suite.database.db.$count(runs, eq(runs.dialogId, dialogId))).toBe(1);
  });

  it("a question that waited while its dialog was moved is not stored for the assistant before", async () => {
    const dialog = await makeDialog(suite.statements);
    await suite.database.db.execute(sql`insert into assistants (slug, name) values ('poet', 'Poet')`);
    let asked: Promise<unknown> = Promise.resolve();
    await suite.database.db.transaction(async (tx) => {
      await createStatements(tx).moveDialog({ ...dialog, assistant: "poet" });
      asked = suite.statements.insertQuestion({ ...anyQuestion, ...dialog, text: "why?" });
      const waiting = sql<number>`(select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock')`.mapWith(Number);
      await expect
        .poll(async () => (await suite.database.db.select({ waiting }).from(sql`(values (1)) as once`))[0]?.waiting)
        .toBeGreaterThan(0);
    });
    expect(await asked).toBeUndefined();
    expect(await suite.statements.insertQuestion({ ...anyQuestion, ...dialog, text: "why?" })).toMatchObject({
      assistantId: 2,
    });
    await suite.database.db.delete(dialogs).where(eq(dialogs.dialogId, dialog.dialogId));
  });

  it("50 repeats of one message store it once", async () => {
    const dialog = await makeDialog(suite.statements);
    const question = {
      ...anyQuestion,
      ...dialog,
      text: "once",
      clientMessageId: "6a7c1f0e-3a0b-4b9e-9f59-1f1c7f6c2d11",
    };
    const sent = await times(50, () =>
      suite.statements.insertQuestion(question).catch((error: unknown) => {
        expect(databaseErrorCode(error)).toBe(uniqueViolation);
        return undefined;
      }),
    );
    expect(sent.filter((run) => run !== undefined)).toHaveLength(1);
    const runId = sent.find((run) => run !== undefined)?.runId;
    expect(await suite.statements.findSendConflict(question)).toMatchObject({
      openRunId: runId,
      sameMessage: { runId, text: "once" },
    });
  });

  it("8 workers over 200 runs hold each run once and answer it once", async () => {
    const made = await times(200, () => makeRun(suite.statements));
    const held: number[] = [];
    await times(8, async (worker) => {
      for (;;) {
        const claimed = await suite.statements.claimRuns({
          ...anyClaim,
          worker: `w${worker}`,
          max: 3,
        });
        if (claimed.length === 0) return;
        held.push(...claimed.map((run) => run.runId));
        for (const run of claimed)
          expect(await suite.statements.completeRun({ ...run, text: "answer", usage: null })).toBeDefined();
      }
    });
    // The run of the test before is in the queue too.
    const own = held.filter((runId) => made.some((run) => run.runId === runId));
    expect(own.toSorted((a, b) => a - b)).toEqual(made.map((run) => run.runId).toSorted((a, b) => a - b));
    expect(new Set(held).size).toBe(held.length);
    for (const { dialogId } of made)
      expect(await suite.database.db.$count(messages, eq(messages.dialogId, dialogId))).toBe(2);
  });

  it("20 answers to one run store one, on either protocol", async () => {
    const { dialogId, userId } = await makeRun(suite.statements);
    const [lease] = await suite.statements.claimRuns(anyClaim);
    if (lease === undefined) throw new Error("There was nothing to claim.");
    const results = await times(20, async (index) => {
      if (index % 2 === 0)
        return (await suite.statements.completeRun({ ...lease, text: "same", usage: null })) !== undefined;
      return (
        (
          await suite.statements.storeReply({
            dialogId,
            userId,
            text: "same",
            messagesPerDialog: 100,
            assistantIds: null,
            scopes: serviceKeyScopes,
          })
        ).kind === "completed"
      );
    });
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await suite.database.db.$count(messages, eq(messages.dialogId, dialogId))).toBe(2);
  });

  it("deleting dialogs while their answers are posted leaves nothing behind and blocks nobody", async () => {
    const made = await times(30, () => makeRun(suite.statements));
    const leases = await suite.statements.claimRuns({ ...anyClaim, max: 50 });
    await Promise.all([
      ...leases.map((lease) => suite.statements.completeRun({ ...lease, text: "answer", usage: null })),
      ...made.map(({ dialogId, userId }) => suite.statements.deleteDialog({ dialogId, userId })),
      suite.statements.reapRuns({ limit: 100, cancelGraceMs: 5_000 }),
    ]);
    for (const { dialogId } of made)
      expect(await suite.database.db.$count(messages, eq(messages.dialogId, dialogId))).toBe(0);
    expect(await findViolations(suite.database.db)).toEqual(noViolations);
  });
});
