import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import type { LeaseKey } from "../src/index.ts";
import { assistants, messages, runs } from "../src/schema/index.ts";
import {
  anyTimes,
  describeEachEngine,
  findViolations,
  makeRun,
  noViolations,
  useDatabase,
} from "../src/testing/index.ts";
import { useRuns } from "./use-runs.ts";

describeEachEngine("a run with signs of life", (engine) => {
  const suite = useDatabase(engine);
  const { claim, stateOf } = useRuns(suite);
  afterEach(async () => {
    expect(await findViolations(suite.database.db)).toEqual(noViolations);
    await suite.database.db.execute(sql`delete from dialogs`);
    await suite.database.db.update(assistants).set({ answerMaxMs: null });
  });

  const started = async (deadlineMs = 60_000) => {
    const { runId } = await makeRun(suite.statements, { deadlineMs });
    const lease = await claim({ leaseMs: 600_000 });
    return { runId, lease };
  };
  /** From the run's question to its deadline, in seconds. */
  const deadlineOf = async (runId: number): Promise<number> => {
    const row = await stateOf(runId);
    return ((row?.deadlineAt.getTime() ?? 0) - (row?.createdAt.getTime() ?? 0)) / 1000;
  };
  const append = (lease: LeaseKey, seq: number, times = anyTimes) =>
    suite.statements.insertDeltas([{ ...lease, seq, text: "x", leaseMs: 600_000 }], { ...times, maxBytes: 100 });

  it("has its deadline moved by a heartbeat, to the full time from now", async () => {
    const { runId, lease } = await started(30_000);
    const extended = await suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 60_000 });
    expect(await deadlineOf(runId)).toBeGreaterThanOrEqual(60);
    expect(extended?.deadlineAt).toEqual((await stateOf(runId))?.deadlineAt);
  });

  it("has it moved by a delta, once an eighth of the time is over, and not sooner", async () => {
    const { runId, lease } = await started();
    await append(lease, 1);
    const before = (await stateOf(runId))?.deadlineAt;
    expect((await append(lease, 2))[0]).toMatchObject({ outcome: "stored", deadlineAt: before });
    await suite.database.db
      .update(runs)
      .set({ deadlineAt: sql`now() + interval '50 seconds'` })
      .where(eq(runs.runId, runId));
    const [result] = await append(lease, 3);
    expect(await deadlineOf(runId)).toBeGreaterThanOrEqual(60);
    expect(result).toMatchObject({ deadlineAt: (await stateOf(runId))?.deadlineAt });
  });

  it("never has it moved beyond the longest time, nor back", async () => {
    const { runId, lease } = await started(30_000);
    const times = { deadlineMs: 60_000, maxMs: 40_000 };
    await suite.statements.extendLease({ ...lease, ...times, leaseMs: 600_000 });
    expect(await deadlineOf(runId)).toBe(40);
    const shown = await stateOf(runId);
    await append(lease, 1, times);
    expect(await stateOf(runId)).toEqual(shown);
    await suite.statements.extendLease({ ...lease, deadlineMs: 1_000, maxMs: 1_000, leaseMs: 60_000 });
    expect(await deadlineOf(runId)).toBe(40);
  });

  it("has the longest time of its assistant, where that has one", async () => {
    await suite.database.db.update(assistants).set({ answerMaxMs: 45_000 });
    const { runId, lease } = await started(30_000);
    await suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 60_000 });
    expect(await deadlineOf(runId)).toBe(45);
    const other = await started(30_000);
    await append(other.lease, 1);
    expect(await deadlineOf(other.runId)).toBe(45);
  });

  it("that fails for good keeps what was streamed as a partial answer, unless that is discarded", async () => {
    const failure = { errorCode: "x", errorMessage: "x", retry: false, backoffMs: 0 };
    const kept = await started();
    await append(kept.lease, 1);
    await append(kept.lease, 2);
    await suite.statements.failRun({ ...kept.lease, ...failure });
    const row = await stateOf(kept.runId);
    expect(row).toMatchObject({ state: "failed", errorCode: "x" });
    const stored = await suite.database.db
      .select()
      .from(messages)
      .where(eq(messages.messageId, row?.answerId ?? 0));
    expect(stored).toMatchObject([{ content: "xx", partial: true, seq: 2 }]);
    const discarded = await started();
    await append(discarded.lease, 1);
    await suite.statements.failRun({ ...discarded.lease, ...failure, discard: true });
    expect(await stateOf(discarded.runId)).toMatchObject({ state: "failed", answerId: null });
    const silent = await started();
    await suite.statements.failRun({ ...silent.lease, ...failure });
    expect(await stateOf(silent.runId)).toMatchObject({ state: "failed", answerId: null });
    const again = await started();
    await append(again.lease, 1);
    await suite.statements.failRun({ ...again.lease, ...failure, retry: true });
    expect(await stateOf(again.runId)).toMatchObject({ state: "queued", answerId: null });
  });

  it("completes with what was streamed when no text is given, and not without either", async () => {
    const { runId, lease } = await started();
    const answer = { ...lease, text: null, usage: null };
    expect(await suite.statements.completeRun(answer)).toBeUndefined();
    await append(lease, 1);
    await append(lease, 2);
    expect(await suite.statements.completeRun({ ...answer, workerMetadata: { sources: [1] } })).toMatchObject({
      text: "xx",
    });
    expect(await stateOf(runId)).toMatchObject({
      state: "completed",
      metadata: { locale: "en", worker: { sources: [1] } },
    });
  });

  it("keeps what else its metadata holds", async () => {
    const { runId, lease } = await started();
    await suite.database.db
      .update(runs)
      .set({ metadata: { locale: "ru" } })
      .where(eq(runs.runId, runId));
    await suite.statements.completeRun({ ...lease, text: "x", usage: null, workerMetadata: { a: 1 } });
    expect((await stateOf(runId))?.metadata).toEqual({ locale: "ru", worker: { a: 1 } });
  });
});
