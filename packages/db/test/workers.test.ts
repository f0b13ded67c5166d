import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { runs, workers } from "../src/schema/index.ts";
import { anyClaim, describeEachEngine, makeRun, useDatabase } from "../src/testing/index.ts";
import type { PresentWorker, WorkerChanges } from "../src/statements/workers.ts";

describeEachEngine("workers", (engine) => {
  const suite = useDatabase(engine);
  afterEach(async () => {
    await suite.database.db.execute(sql`delete from dialogs`);
    await suite.database.db.execute(sql`delete from workers`);
  });

  const worker = (change: Partial<PresentWorker> = {}): PresentWorker => ({
    keyId: "environment",
    name: "w",
    assistantIds: null,
    capacity: null,
    fallback: false,
    ...change,
  });
  const write = (changes: Partial<WorkerChanges>) =>
    suite.statements.writeWorkers({ present: [], reportedRunIds: [], left: [], ...changes });
  const names = async () => (await suite.statements.listWorkers(9)).map(({ name }) => name).toSorted();
  const makeOlder = () => suite.database.db.update(workers).set({ seenAt: sql`now() - interval '1 minute'` });

  it("are stored by key and name, with what they serve", async () => {
    await write({ present: [worker(), worker({ name: "two", assistantIds: [1, 7], capacity: 3, fallback: true })] });
    await write({ present: [worker({ capacity: 2 }), worker({ keyId: "another" })] });
    const listed = await suite.statements.listWorkers(9);
    expect(listed.map(({ keyId, name, assistantIds, capacity }) => ({ keyId, name, assistantIds, capacity }))).toEqual(
      expect.arrayContaining([
        { keyId: "environment", name: "w", assistantIds: null, capacity: 2 },
        { keyId: "environment", name: "two", assistantIds: [1, 7], capacity: 3 },
        { keyId: "another", name: "w", assistantIds: null, capacity: null },
      ]),
    );
    expect(
      (await suite.statements.listCoverages(30_000)).toSorted((a, b) => Number(a.fallback) - Number(b.fallback)),
    ).toEqual([
      { assistantIds: null, fallback: false },
      { assistantIds: [1, 7], fallback: true },
    ]);
  });

  it("that vanished grow old and are forgotten", async () => {
    await write({ present: [worker()] });
    expect(await suite.statements.countWorkers(30_000)).toBe(1);
    await makeOlder();
    expect(await suite.statements.countWorkers(30_000)).toBe(0);
    expect(await suite.statements.listCoverages(30_000)).toEqual([]);
    await suite.statements.pruneWorkers(120_000);
    expect(await names()).toEqual(["w"]);
    await suite.statements.pruneWorkers(30_000);
    expect(await names()).toEqual([]);
  });

  it("that left are deleted, unless another server has seen them since", async () => {
    const [first] = await write({ present: [worker()] });
    const left = [{ keyId: "environment", name: "w", seenAt: first?.seenAt ?? "" }];
    const [second] = await write({ present: [worker()] });
    expect(await write({ left })).toEqual([]);
    expect(await names()).toEqual(["w"]);
    expect(await write({ left: [{ keyId: "environment", name: "w", seenAt: second?.seenAt ?? "" }] })).toEqual([]);
    expect(await names()).toEqual([]);
  });

  it("that left keep their row while they hold a run, which a report on it renews", async () => {
    const { runId } = await makeRun(suite.statements);
    await suite.statements.claimRuns(anyClaim);
    const [written] = await write({ present: [worker()] });
    const left = [{ keyId: "environment", name: "w", seenAt: written?.seenAt ?? "" }];
    expect(await write({ left })).toMatchObject([{ outcome: "held", name: "w" }]);
    expect(await suite.statements.listWorkers(9)).toMatchObject([{ name: "w", running: 1 }]);
    expect(await write({ reportedRunIds: [runId] })).toEqual([]);
    await makeOlder();
    const [seen] = await write({ reportedRunIds: [runId], left });
    expect(seen).toMatchObject({ outcome: "seen", name: "w" });
    expect(await suite.statements.listCoverages(30_000)).toHaveLength(1);
    await suite.database.db
      .update(runs)
      .set({ leaseUntil: sql`now()` })
      .where(eq(runs.runId, runId));
    expect(await write({ left: [{ keyId: "environment", name: "w", seenAt: seen?.seenAt ?? "" }] })).toEqual([]);
    expect(await names()).toEqual([]);
  });

  it("find their queue by assistant: length, oldest wait, and the place of a run in its own line", async () => {
    const made = [await makeRun(suite.statements), await makeRun(suite.statements), await makeRun(suite.statements)];
    const [first, second, other] = made.map(({ runId }) => runId);
    await suite.database.db
      .update(runs)
      .set({ assistantId: 2 })
      .where(eq(runs.runId, other ?? 0));
    const positions = await suite.statements.listQueuePositions([second ?? 0, other ?? 0, 999_999], 5);
    expect(positions.toSorted((a, b) => a.runId - b.runId)).toEqual([
      { runId: second, assistantId: 1, position: 2 },
      { runId: other, assistantId: 2, position: 1 },
    ]);
    expect(await suite.statements.listQueuePositions([second ?? 0], 1)).toMatchObject([{ position: 1 }]);
    const [load] = await suite.statements.listAssistantLoads(null);
    expect(load).toMatchObject({ assistantId: 1, slug: "deepbot", queued: 2, running: 0 });
    expect(load?.oldestWaitMs).toBeGreaterThanOrEqual(0);
    await suite.statements.claimRuns(anyClaim);
    expect(await suite.statements.listQueuePositions([first ?? 0], 5)).toEqual([]);
    expect(await suite.statements.listAssistantLoads([1])).toMatchObject([{ queued: 1, running: 1 }]);
    expect(await suite.statements.listAssistantLoads([])).toEqual([]);
  });
});
