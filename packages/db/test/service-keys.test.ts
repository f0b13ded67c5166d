import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { environmentKeyId } from "../src/index.ts";
import { runs, serviceKeys } from "../src/schema/index.ts";
import { describeEachEngine, makeRun, makeUser, useDatabase } from "../src/testing/index.ts";
import { useRuns } from "./use-runs.ts";

let made = 0;

describeEachEngine("service keys", (engine) => {
  const suite = useDatabase(engine);
  const { claim, stateOf } = useRuns(suite);

  const insert = async (change: { limit?: number; lifetimeMs?: number | null } = {}) => {
    made += 1;
    const hash = made.toString(16).padStart(64, "0");
    const { userId: createdBy } = await makeUser(suite.statements);
    const key = { name: `key ${hash}`, hash, prefix: "dbk_abcdef", scopes: ["runs" as const], assistantIds: null };
    return suite.statements.insertServiceKey({ ...key, createdBy, lifetimeMs: null, limit: 1_000, ...change });
  };
  const make = async (change: { lifetimeMs?: number | null } = {}): Promise<string> =>
    (await insert(change))?.keyId ?? "";
  const expire = (keyId: string) =>
    suite.database.db
      .update(serviceKeys)
      .set({ expiresAt: sql`now()` })
      .where(eq(serviceKeys.keyId, keyId));
  const liveIds = async (): Promise<string[]> =>
    (await suite.statements.listLiveServiceKeys(60_000)).map(({ keyId }) => keyId);

  it("are live until they are revoked or expire", async () => {
    const [kept, revoked, expired] = [await make(), await make(), await make({ lifetimeMs: 60_000 })];
    expect(await liveIds()).toEqual(expect.arrayContaining([kept, revoked, expired]));
    expect(await suite.statements.revokeServiceKey(revoked)).toMatch(/^key /);
    expect(await suite.statements.revokeServiceKey(revoked)).toBeUndefined();
    await expire(expired);
    const live = await liveIds();
    expect([kept, revoked, expired].map((keyId) => live.includes(keyId))).toEqual([true, false, false]);
    const listed = (await suite.statements.listServiceKeys(1_000)).map(({ keyId }) => keyId);
    expect(listed.indexOf(kept)).toBeLessThan(Math.min(listed.indexOf(revoked), listed.indexOf(expired)));
  });

  it("are as many as the limit allows, however many are made at once", async () => {
    const live = (await liveIds()).length;
    const limit = live + 2;
    const inserted = await Promise.all([1, 2, 3, 4].map(() => insert({ limit })));
    expect(inserted.filter((key) => key !== undefined)).toHaveLength(2);
    expect(await liveIds()).toHaveLength(limit);
  });

  it("are changed in what a change names, with a word of what was before", async () => {
    const keyId = await make();
    const changed = await suite.statements.updateServiceKey(keyId, { name: "new", lifetimeMs: 60_000 });
    expect(changed?.before).toMatchObject({ scopes: ["runs"], expiresAt: null });
    expect(changed?.after).toMatchObject({ name: "new", scopes: ["runs"], expiresAt: expect.any(Date) });
    const narrowed = await suite.statements.updateServiceKey(keyId, { scopes: ["legacy"], assistantIds: [1] });
    expect(narrowed?.after).toMatchObject({ name: "new", scopes: ["legacy"], assistants: ["deepbot"] });
    const widened = await suite.statements.updateServiceKey(keyId, { assistantIds: null, lifetimeMs: null });
    expect(widened?.after).toMatchObject({ assistants: null, expiresAt: null });
    expect((await suite.statements.updateServiceKey(keyId, {}))?.after).toEqual(widened?.after);
    await suite.statements.revokeServiceKey(keyId);
    expect(await suite.statements.updateServiceKey(keyId, { name: "late" })).toBeUndefined();
  });

  it("say when they were used, exact to a minute", async () => {
    const keyId = await make();
    const find = async () =>
      (await suite.statements.listLiveServiceKeys(60_000)).find((key) => key.keyId === keyId)?.touchDue;
    expect(await find()).toBe(true);
    await suite.statements.touchServiceKeys({ keyIds: [keyId], resolutionMs: 60_000 });
    expect(await find()).toBe(false);
    await suite.database.db
      .update(serviceKeys)
      .set({ lastUsedAt: sql`now() - interval '61 seconds'` })
      .where(eq(serviceKeys.keyId, keyId));
    expect(await find()).toBe(true);
  });

  describe("own the leases of what they claim", () => {
    it.each(["extendLease", "completeRun", "failRun", "releaseRun", "insertDeltas"] as const)(
      "%s of another key changes nothing",
      async (report) => {
        const [own, foreign] = [await make(), await make()];
        const { runId } = await makeRun(suite.statements);
        const lease = await claim({ keyId: own, max: 50 });
        const { statements } = suite;
        const reports = {
          extendLease: (keyId: string) => statements.extendLease({ ...lease, runId, keyId, leaseMs: 60_000 }),
          completeRun: (keyId: string) => statements.completeRun({ ...lease, runId, keyId, text: "x", usage: null }),
          failRun: (keyId: string) =>
            statements.failRun({ ...lease, keyId, errorCode: "x", errorMessage: "x", retry: true, backoffMs: 0 }),
          releaseRun: (keyId: string) => statements.releaseRun({ ...lease, keyId }),
          insertDeltas: async (keyId: string) => {
            const delta = { ...lease, keyId, seq: 1, text: "x", leaseMs: 60_000 };
            const [result] = await statements.insertDeltas([delta], 100);
            return result?.outcome === "refused" ? undefined : result;
          },
        };
        const before = await stateOf(lease.runId);
        for (const keyId of [foreign, environmentKeyId]) expect(await reports[report](keyId)).toBeUndefined();
        expect(await stateOf(lease.runId)).toEqual(before);
        expect(await reports[report](own)).toBeDefined();
      },
    );

    it("a lease without a key, as the version before leaves it, is the environment's", async () => {
      const { runId } = await makeRun(suite.statements);
      const { leaseToken } = await claim();
      await suite.database.db.update(runs).set({ leaseKeyId: null }).where(eq(runs.runId, runId));
      const lease = { runId, leaseToken, leaseMs: 60_000 };
      expect(await suite.statements.extendLease({ ...lease, keyId: await make() })).toBeUndefined();
      expect(await suite.statements.extendLease({ ...lease, keyId: environmentKeyId })).toBeDefined();
    });

    it("a late answer is taken from the last worker's key alone", async () => {
      const [own, foreign] = [await make(), await make()];
      const { runId } = await makeRun(suite.statements);
      const lease = await claim({ keyId: own });
      await suite.statements.failRun({ ...lease, errorCode: "x", errorMessage: "x", retry: false, backoffMs: 0 });
      const answer = { ...lease, text: "late", usage: null };
      expect(await suite.statements.completeRun({ ...answer, keyId: foreign })).toBeUndefined();
      expect(await suite.statements.completeRun(answer)).toMatchObject({ runId, from: "failed" });
    });
  });

  describe("that end give their runs back", () => {
    it.each([
      ["revoked", (keyId: string) => suite.statements.revokeServiceKey(keyId)],
      ["expired", expire],
    ])("once %s, without the attempt, and no other run", async (_, end) => {
      const [ended, live] = [await make(), await make()];
      const { runId } = await makeRun(suite.statements);
      const lease = await claim({ keyId: ended });
      const { runId: otherId } = await makeRun(suite.statements);
      await claim({ keyId: live });
      expect(await suite.statements.releaseEndedLeases(10)).toEqual([]);
      await end(ended);
      expect(await suite.statements.releaseEndedLeases(10)).toEqual([
        { runId, dialogId: lease.dialogId, assistantId: 1, ownerId: lease.userId, cancelRequested: false },
      ]);
      expect(await stateOf(runId)).toMatchObject({ state: "queued", attempt: 0 });
      expect(await stateOf(otherId)).toMatchObject({ state: "running", attempt: 1 });
      expect(await suite.statements.extendLease({ ...lease, leaseMs: 60_000 })).toBeUndefined();
      expect(await claim({ keyId: live })).toMatchObject({ runId, attempt: 1 });
    });
  });
});
