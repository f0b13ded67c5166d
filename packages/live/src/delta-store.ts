import type { Cursor, Delta, DeltaResult, StoredDelta } from "@deepbot/db";

/**
 * Deltas of answers that are being streamed. They may be lost with a crash: the whole answer, stored with the end of the
 * run, is the truth. The database alone decides about the leases of those who append.
 */
export interface DeltaStore {
  /** Stores deltas of many runs at once. The results come in the order of the deltas. */
  append: (deltas: readonly Delta[]) => Promise<DeltaResult[]>;
  /** Everything beyond each cursor, later epochs included; by run, epoch and seq. */
  readAfter: (cursors: readonly Cursor[]) => Promise<StoredDelta[]>;
  /** The text of one epoch so far, and the number of its last delta: 0 and empty before the first. */
  snapshot: (run: { runId: number; epoch: number }) => Promise<{ seq: number; text: string }>;
  /** Drops the deltas of runs that ended more than `keepMs` ago or no longer exist. */
  drop: (keepMs: number) => Promise<void>;
}
