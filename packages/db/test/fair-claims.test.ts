import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import type { ClaimedRun } from "../src/index.ts";
import { dialogs, userStartTags } from "../src/schema/index.ts";
import { anyClaim, anyQuestion, describePostgres, makeUser, useDatabase } from "../src/testing/index.ts";

/** Runs that are being answered at the same time; each claim takes the place of the one that began first. */
const workers = 8;

/** Jain's index of fairness: 1 when all have got the same, 1/n when one has got everything. */
function jain(shares: readonly number[]): number {
  const total = shares.reduce((sum, share) => sum + share, 0);
  return total ** 2 / (shares.length * shares.reduce((sum, share) => sum + share ** 2, 0));
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;
}

describePostgres("people who ask at the same time", () => {
  const suite = useDatabase("postgres");
  afterEach(async () => {
    await suite.database.db.execute(sql`delete from dialogs`);
  });

  const person = async (count: number) => {
    const { userId } = await makeUser(suite.statements);
    const rows = Array.from({ length: count }, () => ({ userId, dialogName: "a dialog" }));
    const made = await suite.database.db.insert(dialogs).values(rows).returning({ dialogId: dialogs.dialogId });
    return { userId, dialogIds: made.map(({ dialogId }) => dialogId) };
  };
  const ask = async ({ userId, dialogIds }: Awaited<ReturnType<typeof person>>, count = dialogIds.length) => {
    for (const dialogId of dialogIds.slice(0, count))
      expect(await suite.statements.insertQuestion({ ...anyQuestion, userId, dialogId, text: "x" })).toBeDefined();
  };
  /** Workers that answer one run for each that they claim. */
  const startWorkers = () => {
    const running: ClaimedRun[] = [];
    return async (): Promise<number> => {
      const oldest = running.length < workers ? undefined : running.shift();
      if (oldest !== undefined) await suite.statements.completeRun({ ...oldest, text: "y", usage: null });
      const [claimed] = await suite.statements.claimRuns({ ...anyClaim, historyLimit: 1 });
      if (claimed === undefined) throw new Error("There was nothing to claim.");
      running.push(claimed);
      return claimed.userId;
    };
  };

  it("get equal shares, however many questions one of them had queued before", async () => {
    const flood = await person(400);
    await ask(flood);
    const light = await Promise.all(Array.from({ length: 20 }, () => person(20)));
    for (const one of light) await ask(one);
    const served = new Map([flood, ...light].map(({ userId }) => [userId, 0]));
    const serveNext = startWorkers();
    for (let claims = 0; claims < 21 * 20; claims += 1) {
      const userId = await serveNext();
      served.set(userId, (served.get(userId) ?? 0) + 1);
    }
    expect(jain([...served.values()])).toBeGreaterThanOrEqual(0.95);
  });

  it("with one question at a time wait for two answers at most, though somebody has queued a thousand", async () => {
    const flood = await person(1_000);
    await ask(flood);
    const serveNext = startWorkers();
    for (let claims = 0; claims < 2 * workers; claims += 1) await serveNext();
    const light = await Promise.all(Array.from({ length: 20 }, () => person(1)));
    const askedAt = new Map<number, number>();
    const waits: number[] = [];
    for (let claims = 0; claims < 300; claims += 1) {
      const next = light[claims % light.length];
      if (next !== undefined && claims % 3 === 0 && !askedAt.has(next.userId)) {
        // Their dialog may still wait for the answer before.
        const [dialogId = 0] = next.dialogIds;
        const question = { ...anyQuestion, userId: next.userId, dialogId, text: "x" };
        if ((await suite.statements.insertQuestion(question)) !== undefined) askedAt.set(next.userId, claims);
      }
      const userId = await serveNext();
      const asked = askedAt.get(userId);
      if (asked !== undefined) waits.push((claims - asked) / workers);
      askedAt.delete(userId);
    }
    expect(waits.length).toBeGreaterThan(60);
    expect(percentile(waits, 0.95)).toBeLessThanOrEqual(2);
  });

  it("are not punished for questions that they cancelled before a worker had them, only for those that one had", async () => {
    const one = await person(30);
    const tagOf = async () =>
      (await suite.database.db.select().from(userStartTags).where(eq(userStartTags.userId, one.userId)))[0]?.startTag ??
      0;
    await ask(one, 1);
    const before = await tagOf();
    const claimed = await suite.statements.claimRuns({ ...anyClaim, max: 1 });
    for (const dialogId of one.dialogIds.slice(1)) {
      const run = await suite.statements.insertQuestion({ ...anyQuestion, userId: one.userId, dialogId, text: "x" });
      await suite.statements.requestCancel({ runId: run?.runId ?? 0, userId: one.userId });
    }
    expect(await tagOf()).toBe(before + 29);
    await suite.statements.reapRuns({ limit: 100, cancelGraceMs: 0 });
    expect(await tagOf()).toBe(before);
    await suite.statements.requestCancel({ runId: claimed[0]?.runId ?? 0, userId: one.userId });
    expect(await suite.statements.reapRuns({ limit: 100, cancelGraceMs: 0 })).toMatchObject([{ state: "cancelled" }]);
    expect(await tagOf()).toBe(before);
  });
});
