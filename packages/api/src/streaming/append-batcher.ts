import type { Delta, DeltaResult } from "@deepbot/db";
import type { DeltaStore } from "@deepbot/live";
import type { DeltasStored, Events } from "../events/events.ts";

/**
 * Stores deltas of all runs in this process together: one statement per flush, however many answers are being streamed.
 *
 * @throws when the flush fails: then nobody knows whether the delta is stored
 */
export type AppendDelta = (delta: Delta) => Promise<DeltaResult>;

/** Shortest time between two flushes. Deltas that arrive meanwhile share the next one. */
const spacingMs = 5;

interface Pending {
  delta: Delta;
  resolve: (outcome: DeltaResult) => void;
  reject: (error: unknown) => void;
}

/** The stored deltas of a batch as events: consecutive numbers of one run and epoch make one event. */
function groupStored(pending: readonly Pending[], results: readonly DeltaResult[]): DeltasStored[] {
  const stored = pending.flatMap(({ delta: { runId, seq, text } }, index) => {
    const outcome = results[index];
    return outcome?.outcome === "stored" ? [{ runId, epoch: outcome.epoch, seq, text }] : [];
  });
  const groups: DeltasStored[] = [];
  for (const { runId, epoch, seq, text } of stored.toSorted((a, b) => a.runId - b.runId || a.seq - b.seq)) {
    const last = groups.at(-1);
    if (last?.runId === runId && last.epoch === epoch && last.deltas.at(-1)?.seq === seq - 1) {
      last.deltas.push({ seq, text });
    } else groups.push({ kind: "deltas_stored", runId, epoch, deltas: [{ seq, text }] });
  }
  return groups;
}

export function createAppendBatcher({ store, events }: { store: DeltaStore; events: Events }): AppendDelta {
  let pending: Pending[] = [];
  let scheduled = false;
  let flushedAt = -Infinity;

  const flush = async (): Promise<void> => {
    const batch = pending;
    pending = [];
    try {
      const results = await store.append(batch.map(({ delta }) => delta));
      batch.forEach(({ resolve }, index) => resolve(results[index] ?? { outcome: "refused" }));
      groupStored(batch, results).forEach(events.emit);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const round = async (): Promise<void> => {
    flushedAt = performance.now();
    await flush();
    if (pending.length === 0) scheduled = false;
    else schedule();
  };
  const schedule = (): void => {
    scheduled = true;
    const restMs = flushedAt + spacingMs - performance.now();
    if (restMs > 0) setTimeout(() => void round(), restMs);
    else setImmediate(() => void round());
  };

  return (delta) =>
    new Promise((resolve, reject) => {
      pending.push({ delta, resolve, reject });
      if (!scheduled) schedule();
    });
}
