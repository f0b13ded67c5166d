import type { Hints } from "../hints/hints.ts";
import type { Delta, LeasedRun } from "../queries/deltas.ts";
import type { Queries } from "../queries/index.ts";

/** What became of a delta. A repeat of one that is stored counts as stored. */
export type AppendOutcome =
  | { kind: "stored"; lease: Pick<LeasedRun, "leaseUntil" | "deadlineAt" | "cancelRequested"> }
  | { kind: "gap"; lastSeq: number }
  | { kind: "too_long" }
  | { kind: "refused" };

/**
 * Pieces of answers on their way from workers to watchers, of all runs of the process together: however many stream, a
 * flush is one statement.
 */
export interface Deltas {
  append: (delta: Delta) => Promise<AppendOutcome>;
}

/** Shortest time between two flushes: what comes meanwhile goes with the next. */
const spacingMs = 5;

interface Waiting {
  delta: Delta;
  resolve: (outcome: AppendOutcome) => void;
  reject: (error: unknown) => void;
}

/** Deltas of one run that were stored a moment ago: by number, without a gap. */
export interface StoredDeltas {
  runId: number;
  generation: number;
  deltas: { seq: number; text: string }[];
}

interface GrownRun extends StoredDeltas {
  /** How many of them the statement stored. */
  storedCount: number;
}

/** Tells each delta what became of it, by the same rule as the statement that stored it. */
function judge(waiting: readonly Waiting[], leased: readonly LeasedRun[], maxBytes: number): GrownRun[] {
  const byRun = new Map(
    leased.map((run) => [run.runId, { ...run, deltas: new Array<StoredDeltas["deltas"][number]>() }]),
  );
  const inOrder = waiting.toSorted((a, b) => a.delta.runId - b.delta.runId || a.delta.seq - b.delta.seq);
  for (const { delta, resolve } of inOrder) {
    const lease = byRun.get(delta.runId);
    if (lease === undefined || lease.leaseToken !== delta.leaseToken) {
      resolve({ kind: "refused" });
      continue;
    }
    const saidBytes = lease.saidBytes + Buffer.byteLength(delta.text);
    if (delta.seq <= lease.lastSeq) resolve({ kind: "stored", lease });
    else if (delta.seq > lease.lastSeq + 1) resolve({ kind: "gap", lastSeq: lease.lastSeq });
    else if (saidBytes > maxBytes) resolve({ kind: "too_long" });
    else {
      Object.assign(lease, { lastSeq: delta.seq, saidBytes });
      lease.deltas.push({ seq: delta.seq, text: delta.text });
      resolve({ kind: "stored", lease });
    }
  }
  return [...byRun.values()].filter(({ deltas }) => deltas.length > 0);
}

/**
 * Deltas in the table `run_events`, with hints for who watches.
 *
 * @param options.maxBytes what all deltas of a lease may have together, in UTF-8
 * @param options.handOver gives what was stored to who watches in this process; false when they have to read for themselves
 */
export function createDeltas(options: {
  queries: Queries;
  hints: Hints;
  maxBytes: number;
  handOver: (stored: StoredDeltas) => boolean;
}): Deltas {
  const { queries, hints, maxBytes, handOver } = options;
  let waiting: Waiting[] = [];
  let scheduled = false;
  let flushedAt = -Infinity;

  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    try {
      const leased = await queries.insertDeltas(
        batch.map(({ delta }) => delta),
        maxBytes,
      );
      for (const { storedCount, ...stored } of judge(batch, leased, maxBytes)) {
        // Fewer when another process was given the same ones: only the table knows whose were stored.
        const isHandedOver = storedCount === stored.deltas.length && handOver(stored);
        (isHandedOver ? hints.publishElsewhere : hints.publish)(`run:${stored.runId}`);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const round = async (): Promise<void> => {
    flushedAt = performance.now();
    await flush();
    if (waiting.length === 0) scheduled = false;
    else schedule();
  };
  /** At once after a pause, else with the next flush. */
  const schedule = (): void => {
    scheduled = true;
    const restMs = flushedAt + spacingMs - performance.now();
    if (restMs > 0) setTimeout(() => void round(), restMs);
    else setImmediate(() => void round());
  };

  return {
    append: (delta) =>
      new Promise((resolve, reject) => {
        waiting.push({ delta, resolve, reject });
        if (!scheduled) schedule();
      }),
  };
}
