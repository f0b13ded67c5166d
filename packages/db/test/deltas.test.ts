import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createDeltas,
  createQueries,
  type Database,
  type Deltas,
  type Hints,
  type Queries,
  type StoredDeltas,
} from "../src/index.ts";
import { eq, sql } from "drizzle-orm";
import { messages, runEvents, runs } from "../src/schema/index.ts";
import { describeEachEngine, makeRun, openTestDatabase } from "../src/testing/index.ts";

const maxBytes = 40;

describeEachEngine("deltas", (engine) => {
  let database: Database;
  let queries: Queries;
  let hints: Hints;
  let deltas: Deltas;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
    queries = createQueries(database.db);
    hints = await database.openHints({ info: () => {}, warn: () => {} });
    deltas = createDeltas({ queries, hints, maxBytes, handOver: () => false });
  });
  afterAll(async () => {
    await hints.close();
    await database.close();
  });

  const lease = async (leaseMs = 60_000) => {
    const { runId, userId } = await makeRun(queries);
    const [claimed] = await queries.claimRuns({ worker: "w", max: 1, leaseMs, historyLimit: 1 });
    expect(claimed?.runId).toBe(runId);
    return { runId, userId, leaseToken: claimed?.leaseToken ?? "", leaseMs };
  };

  it("are stored in order, told once to who follows, and read from any position", async () => {
    const run = await lease();
    let hinted = 0;
    const end = hints.subscribe(`run:${run.runId}`, () => {
      hinted += 1;
    });
    for (const [index, text] of ["a", "b", "c"].entries()) {
      expect(await deltas.append({ ...run, seq: index + 1, text })).toMatchObject({ kind: "stored" });
    }
    end();
    expect(hinted).toBe(3);
    const read = async (generation: number, seq: number) =>
      (await queries.followRuns([{ runId: run.runId, generation, seq }]))[0]?.deltas.map((delta) => delta.text);
    expect(await read(0, 0)).toEqual(["a", "b", "c"]);
    expect(await read(1, 1)).toEqual(["b", "c"]);
    expect(await read(1, 3)).toEqual([]);
    expect(await queries.findRun(run)).toMatchObject({ said: { seq: 3, text: "abc" } });
  });

  it("are handed over as they were stored, and then hinted at for other processes only", async () => {
    const run = await lease();
    const handedOver: StoredDeltas[] = [];
    const given = createDeltas({ queries, hints, maxBytes, handOver: (stored) => handedOver.push(stored) > 0 });
    let hinted = 0;
    const end = hints.subscribe(`run:${run.runId}`, () => {
      hinted += 1;
    });
    await given.append({ ...run, seq: 1, text: "a" });
    await Promise.all([2, 3, 3, 5].map((seq, place) => given.append({ ...run, seq, text: `${seq}${place}` })));
    end();
    expect(handedOver.flatMap(({ deltas: stored }) => stored.map(({ seq, text }) => `${seq}: ${text}`))).toEqual([
      "1: a",
      "2: 20",
      "3: 31",
    ]);
    expect(handedOver.map(({ generation }) => generation)).not.toContain(0);
    expect(await queries.findRun(run)).toMatchObject({ said: { seq: 3, text: "a2031" } });
    expect(hinted).toBe(0);
  });

  it("that two processes were given at once are handed over by the one whose were stored", async () => {
    const run = await lease();
    const handedOver: string[] = [];
    const [one, other] = ["a", "b"].map(() =>
      createDeltas({
        queries,
        hints,
        maxBytes,
        handOver: ({ deltas: stored }) => handedOver.push(...stored.map(({ text }) => text)) > 0,
      }),
    );
    for (let seq = 1; seq <= 20; seq += 1) {
      await Promise.all([one?.append({ ...run, seq, text: "a" }), other?.append({ ...run, seq, text: "b" })]);
    }
    expect(await queries.findRun(run)).toMatchObject({ said: { seq: 20, text: handedOver.join("") } });
  });

  it("with a gap are refused, repeated ones are not stored again, in one batch or in several", async () => {
    const run = await lease();
    expect(await deltas.append({ ...run, seq: 2, text: "early" })).toEqual({ kind: "gap", lastSeq: 0 });
    const outcomes = await Promise.all([1, 2, 2, 4, 1].map((seq) => deltas.append({ ...run, seq, text: `${seq}` })));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["stored", "stored", "stored", "gap", "stored"]);
    expect(await queries.findRun(run)).toMatchObject({ said: { seq: 2, text: "12" } });
  });

  it("are refused with which the text would be longer than an answer, in one batch or in several", async () => {
    const run = await lease();
    const text = "я".repeat(maxBytes / 4);
    const outcomes = await Promise.all([1, 2, 3].map((seq) => deltas.append({ ...run, seq, text })));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["stored", "stored", "too_long"]);
    expect(await deltas.append({ ...run, seq: 3, text: "x" })).toEqual({ kind: "too_long" });
    expect(await deltas.append({ ...run, seq: 2, text })).toMatchObject({ kind: "stored" });
    expect(await queries.findRun(run)).toMatchObject({ said: { seq: 2, text: text + text } });
  });

  it("of a stale lease are refused, also beside those of the good one in one batch", async () => {
    const run = await lease();
    const stale = { ...run, leaseToken: "00000000-0000-4000-8000-000000000000" };
    const [bad, good] = await Promise.all([
      deltas.append({ ...stale, seq: 1, text: "bad" }),
      deltas.append({ ...run, seq: 1, text: "good" }),
    ]);
    expect([bad.kind, good.kind]).toEqual(["refused", "stored"]);
    expect(await queries.findRun(run)).toMatchObject({ said: { text: "good" } });
  });

  it("of two claims of one run never mix", async () => {
    const first = await lease();
    await deltas.append({ ...first, seq: 1, text: "first" });
    await queries.releaseRun(first);
    const [second] = await queries.claimRuns({ worker: "w", max: 1, leaseMs: 60_000, historyLimit: 1 });
    await deltas.append({ ...first, leaseToken: second?.leaseToken ?? "", seq: 1, text: "second" });
    expect(await queries.findRun(first)).toMatchObject({ attempt: 1, generation: 2, said: { text: "second" } });
  });

  it("extend a lease that is more than half over, and leave a young one alone", async () => {
    const run = await lease(60_000);
    const untilOf = async () =>
      (
        await database.db.select({ until: runs.leaseUntil }).from(runs).where(eq(runs.runId, run.runId))
      )[0]?.until?.getTime() ?? 0;
    const before = await untilOf();
    await deltas.append({ ...run, seq: 1, text: "x" });
    expect(await untilOf()).toBe(before);
    await database.db
      .update(runs)
      .set({ leaseUntil: sql`now() + interval '20 seconds'` })
      .where(eq(runs.runId, run.runId));
    const outcome = await deltas.append({ ...run, seq: 2, text: "y" });
    expect(await untilOf()).toBeGreaterThan(before - 5_000);
    expect(outcome).toMatchObject({ kind: "stored", lease: { leaseUntil: new Date(await untilOf()) } });
  });

  it("are pruned when their run is over for long or gone, and not before", async () => {
    const [open, ended, gone] = [await lease(), await lease(), await lease()];
    for (const run of [open, ended, gone]) await deltas.append({ ...run, seq: 1, text: "x" });
    await queries.completeRun({ ...ended, text: "x", usage: null });
    await database.db.execute(
      sql`delete from dialogs where dialog_id = (select dialog_id from runs where run_id = ${gone.runId})`,
    );
    await queries.pruneDeltas(60_000);
    const left = await database.db
      .select({ runId: runEvents.runId })
      .from(runEvents)
      .where(sql`run_id in (${open.runId}, ${ended.runId}, ${gone.runId})`);
    expect(left.map((row) => row.runId).toSorted((a, b) => a - b)).toEqual([open.runId, ended.runId]);
    await queries.pruneDeltas(0);
    expect(await database.db.$count(runEvents, eq(runEvents.runId, ended.runId))).toBe(0);
    expect(await database.db.$count(runEvents, eq(runEvents.runId, open.runId))).toBe(1);
  });

  it("that were said before a cancel become a partial message", async () => {
    const run = await lease();
    await deltas.append({ ...run, seq: 1, text: "half an " });
    await deltas.append({ ...run, seq: 2, text: "answer" });
    await queries.requestCancel(run);
    expect(await queries.settleRuns({ limit: 9, cancelGraceMs: 60_000 })).toEqual([]);
    expect(await queries.settleRuns({ limit: 9, cancelGraceMs: 0 })).toMatchObject([
      { runId: run.runId, state: "cancelled" },
    ]);
    const [partial] = await database.db.select().from(messages).where(eq(messages.partial, true));
    expect(partial).toMatchObject({ content: "half an answer", seq: 2 });
  });
});
