import { limits, utf8Length } from "@deepbot/contract";
import type { Delta, DeltaLease, DeltaResult, StoredDelta } from "@deepbot/db";
import type { DeltaStore } from "./delta-store.ts";

export interface MemoryDeltaStoreOptions {
  /** Checks and extends the lease of a delta in the database, which alone decides about leases. */
  holdLease: (delta: Delta) => Promise<Omit<DeltaLease, "lastSeq"> | undefined>;
  /** Which of these runs ended more than `keepMs` ago or no longer exist. */
  findOver: (runIds: number[], keepMs: number) => Promise<number[]>;
}

interface RunText {
  epoch: number;
  texts: string[];
  bytes: number;
}

/** Deltas in the memory of one process: only the newest epoch of each run is kept. */
export function createMemoryDeltaStore({ holdLease, findOver }: MemoryDeltaStoreOptions): DeltaStore {
  const runs = new Map<number, RunText>();

  const appendOne = async (delta: Delta): Promise<DeltaResult> => {
    const lease = await holdLease(delta);
    if (lease === undefined) return { outcome: "refused" };
    const known = runs.get(delta.runId);
    const run = known?.epoch === lease.epoch ? known : { epoch: lease.epoch, texts: [], bytes: 0 };
    runs.set(delta.runId, run);
    const lastSeq = run.texts.length;
    if (delta.seq <= lastSeq) {
      const isSame = run.texts[delta.seq - 1] === delta.text;
      return { outcome: isSame ? "repeated" : "conflict", lastSeq, ...lease };
    }
    if (delta.seq > lastSeq + 1) return { outcome: "gap", lastSeq, ...lease };
    const bytes = run.bytes + utf8Length(delta.text);
    if (bytes > limits.answerMaxBytes) return { outcome: "too_long", lastSeq, ...lease };
    run.texts.push(delta.text);
    run.bytes = bytes;
    return { outcome: "stored", lastSeq: delta.seq, ...lease };
  };

  return {
    append: async (deltas) => {
      const outcomes = new Map<Delta, DeltaResult>();
      for (const delta of deltas.toSorted((a, b) => a.seq - b.seq)) outcomes.set(delta, await appendOne(delta));
      return deltas.map((delta) => outcomes.get(delta) ?? { outcome: "refused" });
    },
    readAfter: async (cursors) =>
      cursors
        .toSorted((a, b) => a.runId - b.runId)
        .flatMap(({ runId, epoch, seq }): StoredDelta[] => {
          const run = runs.get(runId);
          if (run === undefined || run.epoch < epoch) return [];
          const known = run.epoch === epoch ? seq : 0;
          return run.texts
            .slice(known)
            .map((text, index) => ({ runId, epoch: run.epoch, seq: known + index + 1, text }));
        }),
    snapshot: async ({ runId, epoch }) => {
      const run = runs.get(runId);
      return run?.epoch === epoch ? { seq: run.texts.length, text: run.texts.join("") } : { seq: 0, text: "" };
    },
    drop: async (keepMs) => {
      for (const runId of await findOver([...runs.keys()], keepMs)) runs.delete(runId);
    },
  };
}
