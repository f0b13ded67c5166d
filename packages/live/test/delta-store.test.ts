import { limits } from "@deepbot/contract";
import { anyClaim, anyTimes, describeEachEngine, makeRun, useDatabase } from "@deepbot/db/testing";
import { expect, it } from "vitest";
import { type Delta, environmentKeyId } from "@deepbot/db";
import type { DeltaStore } from "../src/delta-store.ts";
import { createMemoryDeltaStore } from "../src/memory-delta-store.ts";
import { createPostgresDeltaStore } from "../src/postgres-delta-store.ts";

type Statements = ReturnType<typeof useDatabase>["statements"];

function createMemoryStore(statements: Statements): DeltaStore {
  const findRuns = async (runIds: number[]) => (runIds.length === 0 ? [] : statements.followRuns(runIds));
  return createMemoryDeltaStore({
    holdLease: async ({ runId, leaseToken, keyId, leaseMs }: Delta) => {
      const lease = await statements.extendLease({ runId, leaseToken, keyId, leaseMs, ...anyTimes });
      const [run] = await findRuns([runId]);
      return lease && run && { ...lease, epoch: run.epoch };
    },
    findOver: async (runIds, keepMs) => {
      const runs = new Map((await findRuns(runIds)).map((run) => [run.runId, run]));
      const over = Date.now() - keepMs;
      return runIds.filter((runId) => (runs.get(runId)?.endedAt?.getTime() ?? (runs.has(runId) ? Infinity : 0)) < over);
    },
  });
}

/** What every implementation promises. Leases are the database's, whichever store keeps the deltas. */
function itIsADeltaStore(name: string, createStore: (statements: Statements) => DeltaStore): void {
  describeEachEngine(`deltas in ${name}`, (engine) => {
    const stand = useDatabase(engine);

    const claimRun = async () => {
      const { runId, dialogId, userId } = await makeRun(stand.statements);
      const claim = { ...anyClaim, max: 50 };
      const run = (await stand.statements.claimRuns(claim)).find((claimed) => claimed.runId === runId);
      const leaseToken = run?.leaseToken ?? "";
      const delta = (seq: number, text: string): Delta => ({
        runId,
        leaseToken,
        keyId: environmentKeyId,
        seq,
        text,
        leaseMs: 60_000,
      });
      return { runId, dialogId, userId, leaseToken, keyId: environmentKeyId, delta };
    };
    const outcomesOf = async (store: DeltaStore, deltas: Delta[]) =>
      (await store.append(deltas)).map(({ outcome }) => outcome);

    it("stores deltas in order, whatever order they are offered in", async () => {
      const store = createStore(stand.statements);
      const { runId, delta } = await claimRun();
      expect(await outcomesOf(store, [delta(2, "b"), delta(1, "a")])).toEqual(["stored", "stored"]);
      expect(await store.snapshot({ runId, epoch: 1 })).toEqual({ seq: 2, text: "ab" });
    });

    it("accepts a repeated number with the same text only, and refuses a gap with the last stored number", async () => {
      const store = createStore(stand.statements);
      const { runId, delta } = await claimRun();
      expect(await outcomesOf(store, [delta(1, "a")])).toEqual(["stored"]);
      expect(await store.append([delta(1, "a"), delta(1, "b"), delta(3, "c")])).toMatchObject([
        { outcome: "repeated" },
        { outcome: "conflict" },
        { outcome: "gap", lastSeq: 1 },
      ]);
      expect(await store.snapshot({ runId, epoch: 1 })).toEqual({ seq: 1, text: "a" });
    });

    it("refuses a delta under a lease that does not hold, and keeps those beside it", async () => {
      const store = createStore(stand.statements);
      const [held, other] = [await claimRun(), await claimRun()];
      const stale = { ...other.delta(1, "x"), leaseToken: held.leaseToken };
      expect(await outcomesOf(store, [held.delta(1, "a"), stale])).toEqual(["stored", "refused"]);
      expect(await store.snapshot({ runId: other.runId, epoch: 1 })).toEqual({ seq: 0, text: "" });
    });

    it("refuses text beyond the length of an answer, counted in bytes of UTF-8", async () => {
      const store = createStore(stand.statements);
      const { delta } = await claimRun();
      const half = "я".repeat(limits.answerMaxBytes / 4);
      const deltas = [delta(1, half), delta(2, half), delta(3, "x")];
      expect(await outcomesOf(store, deltas)).toEqual(["stored", "stored", "too_long"]);
    });

    it("reads what lies beyond each cursor, and nothing of runs that have no more", async () => {
      const store = createStore(stand.statements);
      const [one, two] = [await claimRun(), await claimRun()];
      await store.append([one.delta(1, "a"), one.delta(2, "b"), two.delta(1, "c")]);
      const cursors = [
        { runId: one.runId, epoch: 1, seq: 1 },
        { runId: two.runId, epoch: 1, seq: 1 },
      ];
      expect(await store.readAfter(cursors)).toEqual([{ runId: one.runId, epoch: 1, seq: 2, text: "b" }]);
    });

    it("gives a cursor of an earlier epoch the deltas of the later one, numbered from 1", async () => {
      const store = createStore(stand.statements);
      const first = await claimRun();
      await store.append([first.delta(1, "old")]);
      await stand.statements.releaseRun(first);
      const claim = { ...anyClaim, max: 50 };
      const second = (await stand.statements.claimRuns(claim)).find(({ runId }) => runId === first.runId);
      const renewed = { ...first.delta(1, "new"), leaseToken: second?.leaseToken ?? "" };
      expect(await outcomesOf(store, [renewed])).toEqual(["stored"]);
      const found = await store.readAfter([{ runId: first.runId, epoch: 1, seq: 1 }]);
      expect(found).toEqual([{ runId: first.runId, epoch: 2, seq: 1, text: "new" }]);
    });

    it("drops the deltas of ended and of deleted runs, and keeps those of open ones", async () => {
      const store = createStore(stand.statements);
      const [open, ended, deleted] = [await claimRun(), await claimRun(), await claimRun()];
      await store.append([open, ended, deleted].map(({ delta }) => delta(1, "text")));
      await stand.statements.completeRun({ ...ended, text: "text", usage: null });
      await stand.statements.deleteDialog(deleted);
      await store.drop(60_000);
      expect(await store.snapshot({ runId: ended.runId, epoch: 1 })).toEqual({ seq: 1, text: "text" });
      await store.drop(-1_000);
      const texts = [open, ended, deleted].map(({ runId }) => store.snapshot({ runId, epoch: 1 }));
      expect((await Promise.all(texts)).map(({ text }) => text)).toEqual(["text", "", ""]);
    });
  });
}

itIsADeltaStore("PostgreSQL", (statements) => createPostgresDeltaStore(statements, anyTimes));
itIsADeltaStore("memory", createMemoryStore);
