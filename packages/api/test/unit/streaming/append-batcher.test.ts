import type { Delta, DeltaResult } from "@deepbot/db";
import type { DeltaStore } from "@deepbot/live";
import { describe, expect, it } from "vitest";
import { createEvents, type AppEvent } from "../../../src/events/events.ts";
import { createAppendBatcher } from "../../../src/streaming/append-batcher.ts";

const lease = { epoch: 1, leaseUntil: new Date(0), deadlineAt: new Date(0), cancelRequested: false };

function setUp(append: DeltaStore["append"]) {
  const batches: number[][] = [];
  const emitted: AppEvent[] = [];
  const events = createEvents((error) => {
    throw error;
  });
  events.subscribe((event) => void emitted.push(event));
  const unused = async (): Promise<never> => {
    throw new Error("A batcher only appends.");
  };
  const store: DeltaStore = {
    append: (deltas) => {
      batches.push(deltas.map(({ seq }) => seq));
      return append(deltas);
    },
    readAfter: unused,
    snapshot: unused,
    drop: unused,
  };
  const appendDelta = createAppendBatcher({ store, events });
  const offer = (seq: number, runId = 1): Promise<DeltaResult> =>
    appendDelta({ runId, leaseToken: "token", keyId: "environment", seq, text: `<${seq}>`, leaseMs: 1_000 });
  return { batches, emitted, offer };
}

const storeAll = async (deltas: readonly Delta[]): Promise<DeltaResult[]> =>
  deltas.map(({ seq }) => ({ outcome: "stored", lastSeq: seq, ...lease }));

describe("the append batcher", () => {
  it("stores deltas that arrive together in one flush, and tells of them by run", async () => {
    const { batches, emitted, offer } = setUp(storeAll);
    await Promise.all([offer(1), offer(1, 2), offer(2)]);
    expect(batches).toEqual([[1, 1, 2]]);
    expect(emitted).toEqual([
      {
        kind: "deltas_stored",
        runId: 1,
        epoch: 1,
        deltas: [
          { seq: 1, text: "<1>" },
          { seq: 2, text: "<2>" },
        ],
      },
      { kind: "deltas_stored", runId: 2, epoch: 1, deltas: [{ seq: 1, text: "<1>" }] },
    ]);
  });

  it("gives each caller its own outcome, and tells only of what was stored", async () => {
    const results: DeltaResult[] = [
      { outcome: "stored", lastSeq: 1, ...lease },
      { outcome: "repeated", lastSeq: 2, ...lease },
      { outcome: "stored", lastSeq: 3, ...lease },
      { outcome: "refused" },
    ];
    const { emitted, offer } = setUp(async () => results);
    expect(await Promise.all([offer(1), offer(2), offer(3), offer(4)])).toEqual(results);
    // The second was stored by another process: what it interrupts is not told as one piece.
    expect(emitted.map((event) => event.kind === "deltas_stored" && event.deltas.map(({ seq }) => seq))).toEqual([
      [1],
      [3],
    ]);
  });

  it("raises the error of a failed flush to every caller, and works again afterwards", async () => {
    let isAway = true;
    const { emitted, offer } = setUp(async (deltas) => {
      if (isAway) throw new Error("The database is away.");
      return storeAll(deltas);
    });
    const failed = await Promise.allSettled([offer(1), offer(2)]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(emitted).toEqual([]);
    isAway = false;
    expect(await offer(1)).toMatchObject({ outcome: "stored" });
  });
});
