import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { runs } from "../src/schema/index.ts";
import { anyClaim, anyQuestion, anyTimes, describeEachEngine, makeRun, useDatabase } from "../src/testing/index.ts";
import { environmentKeyId, type LeaseKey } from "../src/index.ts";
import { useRuns } from "./use-runs.ts";

describeEachEngine("a claim", (engine) => {
  const suite = useDatabase(engine);
  afterEach(async () => {
    await suite.database.db.execute(sql`delete from dialogs`);
  });

  const { claim, passLease } = useRuns(suite);
  const reap = () => suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 });

  it("brings the newest messages that fit into its bytes, and the question in any case", async () => {
    const dialog = await makeRun(suite.statements, { text: "one" });
    await suite.statements.completeRun({ ...(await claim()), text: "éé", usage: null });
    await suite.statements.insertQuestion({ ...anyQuestion, ...dialog, text: "three" });
    const contents = async (maxBytes: number) => {
      const run = await claim({ maxBytes });
      await suite.statements.releaseRun(run);
      return run.messages.map(({ content }) => content);
    };
    expect(await contents(12)).toEqual(["one", "éé", "three"]);
    expect(await contents(11)).toEqual(["éé", "three"]);
    expect(await contents(8)).toEqual(["three"]);
    expect(await contents(1)).toEqual(["three"]);
  });

  it("leaves out a run that the person has cancelled, before the reaper has ended it", async () => {
    const { runId, userId } = await makeRun(suite.statements);
    await suite.statements.requestCancel({ runId, userId });
    expect(await suite.statements.claimRuns(anyClaim)).toEqual([]);
    expect(await suite.statements.countClaimableRuns(9)).toEqual([]);
    expect(await reap()).toMatchObject([{ runId, from: "queued", state: "cancelled" }]);
  });

  it("that is to be confirmed ends early without a report, and then costs no attempt", async () => {
    const { runId } = await makeRun(suite.statements, { maxAttempts: 1 });
    const first = await claim({ confirmWithinMs: 5_000 });
    expect(first.leaseUntil.getTime()).toBeLessThan(Date.now() + 30_000);
    await passLease(runId);
    expect(await reap()).toMatchObject([{ runId, from: "running", state: "queued", leaseConfirmed: false }]);
    const second = await claim({ confirmWithinMs: 5_000, worker: "another" });
    expect(second).toMatchObject({ runId, attempt: 1 });
    expect(await suite.statements.extendLease({ ...first, ...anyTimes, leaseMs: 60_000 })).toBeUndefined();
  });

  it("that goes without confirmation costs its attempt, though the one before was to be confirmed", async () => {
    const { runId } = await makeRun(suite.statements, { maxAttempts: 1 });
    await claim({ confirmWithinMs: 5_000 });
    await passLease(runId);
    await reap();
    await claim();
    await passLease(runId);
    expect(await reap()).toMatchObject([{ runId, state: "failed", errorCode: "attempts_spent" }]);
  });

  it.each([
    ["a heartbeat", (lease: LeaseKey) => suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 60_000 })],
    [
      "a piece of the answer",
      // So short that it would not be extended for its length alone.
      (lease: LeaseKey) =>
        suite.statements.insertDeltas([{ ...lease, seq: 1, text: "x", leaseMs: 1_000 }], {
          ...anyTimes,
          maxBytes: 100,
        }),
    ],
  ])("is confirmed by %s: its lease is whole, and the attempt counts", async (_, report) => {
    const { runId } = await makeRun(suite.statements, { maxAttempts: 1 });
    const lease = await claim({ confirmWithinMs: 5_000 });
    await report({ runId, leaseToken: lease.leaseToken, keyId: environmentKeyId });
    const [row] = await suite.database.db.select().from(runs).where(eq(runs.runId, runId));
    expect(row?.leaseConfirmed).toBe(true);
    expect(row?.leaseUntil).not.toEqual(lease.leaseUntil);
    await passLease(runId);
    expect(await reap()).toMatchObject([{ state: "failed", leaseConfirmed: true }]);
  });
});
