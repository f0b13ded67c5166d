import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { botUserId, messages, runs } from "../src/schema/index.ts";
import {
  anyClaim,
  anyQuestion,
  anyTimes,
  describeEachEngine,
  findViolations,
  makeRun,
  noViolations,
  useDatabase,
} from "../src/testing/index.ts";
import { environmentKeyId } from "../src/index.ts";
import { useRuns } from "./use-runs.ts";

describeEachEngine("a run", (engine) => {
  const suite = useDatabase(engine);
  afterEach(async () => {
    expect(await findViolations(suite.database.db)).toEqual(noViolations);
    await suite.database.db.execute(sql`delete from dialogs`);
  });

  const { claim, stateOf, passDeadline, passLease } = useRuns(suite);

  it("is claimed with the dialog so far, cut to the newest messages", async () => {
    const { userId, dialogId } = await makeRun(suite.statements, { text: "first" });
    await suite.statements.completeRun({ ...(await claim()), text: "answer", usage: null });
    await suite.statements.insertQuestion({ ...anyQuestion, userId, dialogId, text: "second" });
    const [whole] = await suite.statements.claimRuns({ ...anyClaim, max: 9 });
    expect(whole).toMatchObject({ userId, dialogId, attempt: 1, maxAttempts: 3 });
    expect(whole?.messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      "user: first",
      "bot: answer",
      "user: second",
    ]);
    await suite.statements.releaseRun({
      runId: whole?.runId ?? 0,
      leaseToken: whole?.leaseToken ?? "",
      keyId: environmentKeyId,
    });
    const [cut] = await suite.statements.claimRuns({ ...anyClaim, max: 9, historyLimit: 2 });
    expect(cut?.messages.map(({ content }) => content)).toEqual(["answer", "second"]);
  });

  it("comes with the messages of its own dialog only", async () => {
    const mine = await makeRun(suite.statements, { text: "mine" });
    const other = await makeRun(suite.statements, { text: "other" });
    const claimed = await suite.statements.claimRuns({ ...anyClaim, max: 9 });
    expect(claimed.map((run) => [run.userId, run.messages.map(({ content }) => content)])).toEqual([
      [mine.userId, ["mine"]],
      [other.userId, ["other"]],
    ]);
  });

  it("past its deadline makes its own dialog overdue, and no other", async () => {
    const overdue = await makeRun(suite.statements);
    const fine = await makeRun(suite.statements);
    await passDeadline(overdue.runId);
    expect(await suite.statements.findDialogStatus(overdue)).toEqual({ statusFlag: true, overdue: true });
    expect(await suite.statements.findDialogStatus(fine)).toEqual({ statusFlag: true, overdue: false });
  });

  it("is given to the longest waiting first", async () => {
    const first = await makeRun(suite.statements);
    const second = await makeRun(suite.statements);
    expect([(await claim()).runId, (await claim()).runId]).toEqual([first.runId, second.runId]);
  });

  it("is not claimed while it is leased, nor before its back-off is over", async () => {
    await makeRun(suite.statements);
    const claimed = await claim();
    await suite.statements.failRun({
      ...claimed,
      errorCode: "busy",
      errorMessage: "Busy.",
      retry: true,
      backoffMs: 60_000,
    });
    expect(await suite.statements.claimRuns({ ...anyClaim, max: 9 })).toEqual([]);
    expect(await suite.statements.countClaimableRuns(9)).toEqual([]);
  });

  it("changes its lease token with every claim, and only the newest token counts", async () => {
    await makeRun(suite.statements);
    const first = await claim();
    await suite.statements.releaseRun(first);
    const second = await claim();
    expect(second.leaseToken).not.toBe(first.leaseToken);
    expect(await suite.statements.extendLease({ ...first, ...anyTimes, leaseMs: 60_000 })).toBeUndefined();
    expect(await suite.statements.completeRun({ ...first, text: "stale", usage: null })).toBeUndefined();
    expect(await suite.statements.releaseRun(first)).toBeUndefined();
    expect(await suite.statements.completeRun({ ...second, text: "fresh", usage: null })).toBeDefined();
  });

  it("does not spend an attempt when it is given back", async () => {
    await makeRun(suite.statements);
    const first = await claim();
    await suite.statements.releaseRun(first);
    expect((await claim()).attempt).toBe(1);
  });

  it("stores its answer after the question, with what it cost", async () => {
    const { runId, dialogId, userId } = await makeRun(suite.statements);
    await suite.statements.completeRun({
      ...(await claim()),
      text: "the answer",
      usage: { model: "m", output_tokens: 3 },
    });
    expect(await stateOf(runId)).toMatchObject({ state: "completed", usage: { model: "m", output_tokens: 3 } });
    expect(await suite.statements.findRun({ runId, userId })).toMatchObject({ answerText: "the answer" });
    const stored = await suite.database.db
      .select({ seq: messages.seq, userId: messages.userId })
      .from(messages)
      .where(eq(messages.dialogId, dialogId))
      .orderBy(messages.seq);
    expect(stored).toEqual([
      { seq: 1, userId },
      { seq: 2, userId: botUserId },
    ]);
  });

  it("refuses every report after its lease ran out, though nobody else has it yet", async () => {
    const { runId } = await makeRun(suite.statements);
    const lease = await claim();
    await passLease(runId);
    expect(await suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 60_000 })).toBeUndefined();
    expect(await suite.statements.completeRun({ ...lease, text: "late", usage: null })).toBeUndefined();
    expect(
      await suite.statements.failRun({ ...lease, errorCode: "x", errorMessage: "x", retry: true, backoffMs: 0 }),
    ).toBeUndefined();
    expect(await suite.statements.releaseRun(lease)).toBeUndefined();
  });

  it("has its lease extended by a heartbeat", async () => {
    await makeRun(suite.statements);
    const lease = await claim({ leaseMs: 1_000 });
    const extended = await suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 600_000 });
    expect(extended?.leaseUntil.getTime()).toBeGreaterThan(lease.leaseUntil.getTime() + 500_000);
    expect(extended?.cancelRequested).toBe(false);
  });

  it("tells its worker that a cancel was asked for", async () => {
    const { runId } = await makeRun(suite.statements);
    const lease = await claim();
    await suite.database.db
      .update(runs)
      .set({ cancelRequestedAt: sql`now()` })
      .where(eq(runs.runId, runId));
    expect(await suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 1_000 })).toMatchObject({
      cancelRequested: true,
    });
  });

  it("goes back to the queue when its lease runs out, and fails when the attempts are spent", async () => {
    const { runId } = await makeRun(suite.statements, { maxAttempts: 2 });
    await claim();
    await passLease(runId);
    expect(await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 })).toMatchObject([
      { runId, state: "queued" },
    ]);
    expect((await claim()).attempt).toBe(2);
    await passLease(runId);
    expect(await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 })).toMatchObject([
      { runId, state: "failed", errorCode: "attempts_spent" },
    ]);
    expect(await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 })).toEqual([]);
  });

  it("expires at its deadline, saying whether any worker had it", async () => {
    const unclaimed = await makeRun(suite.statements);
    await passDeadline(unclaimed.runId);
    expect(await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 })).toMatchObject([
      { state: "expired", errorCode: "no_worker" },
    ]);
    const claimed = await makeRun(suite.statements);
    await claim();
    await passDeadline(claimed.runId);
    expect(await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 })).toMatchObject([
      { state: "expired", errorCode: "deadline" },
    ]);
  });

  it("is not claimed after its deadline, nor is its lease extended", async () => {
    const { runId } = await makeRun(suite.statements);
    const lease = await claim();
    await passDeadline(runId);
    expect(await suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 60_000 })).toBeUndefined();
    const other = await makeRun(suite.statements);
    await passDeadline(other.runId);
    expect(await suite.statements.claimRuns({ ...anyClaim, max: 9 })).toEqual([]);
  });

  it("fails for good without retry, and with it when the attempts are spent", async () => {
    const failure = { errorCode: "model_down", errorMessage: "The model is down.", backoffMs: 0 };
    const { runId } = await makeRun(suite.statements);
    expect(await suite.statements.failRun({ ...(await claim()), ...failure, retry: false })).toMatchObject({
      state: "failed",
    });
    expect(await stateOf(runId)).toMatchObject({ errorCode: "model_down", errorMessage: "The model is down." });
    await makeRun(suite.statements, { maxAttempts: 2 });
    expect(await suite.statements.failRun({ ...(await claim()), ...failure, retry: true })).toMatchObject({
      state: "queued",
    });
    expect(await suite.statements.failRun({ ...(await claim()), ...failure, retry: true })).toMatchObject({
      state: "failed",
    });
  });

  it("doubles the pause with each attempt", async () => {
    const { runId } = await makeRun(suite.statements, { maxAttempts: 9 });
    const failure = { errorCode: "x", errorMessage: "x", retry: true, backoffMs: 10_000 };
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await suite.statements.failRun({ ...(await claim()), ...failure });
      const row = await suite.database.db
        .select({ pause: sql<number>`round(extract(epoch from available_at - now()) / 10)`.mapWith(Number) })
        .from(runs)
        .where(eq(runs.runId, runId));
      pauses.push(row[0]?.pause ?? 0);
      await suite.database.db
        .update(runs)
        .set({ availableAt: sql`now()` })
        .where(eq(runs.runId, runId));
    }
    expect(pauses).toEqual([1, 2, 4]);
  });

  it("goes with its dialog", async () => {
    const { runId, userId, dialogId } = await makeRun(suite.statements);
    const lease = await claim();
    expect(await suite.statements.deleteDialog({ dialogId, userId })).toBe(true);
    expect(await suite.statements.completeRun({ ...lease, text: "to nobody", usage: null })).toBeUndefined();
    expect(await suite.statements.findReportedRun(runId)).toBeUndefined();
  });
});
