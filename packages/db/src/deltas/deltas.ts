import type { Hints } from "../hints/hints.ts";
import type { Delta, LeasedRun } from "../queries/deltas.ts";
import type { Cursor, FollowedRun } from "../queries/follow-runs.ts";
import type { Queries } from "../queries/index.ts";

/** What became of a delta. A repeat of one that is stored counts as stored. */
export type AppendOutcome =
  | { kind: "stored"; lease: Pick<LeasedRun, "leaseUntil" | "deadlineAt" | "cancelRequested"> }
  | { kind: "gap"; lastSeq: number }
  | { kind: "too_long" }
  | { kind: "refused" };

/**
 * Pieces of answers on their way from workers to watchers, of all runs of the process together: however many stream, a
 * flush is one statement, and so is a look.
 */
export interface Deltas {
  append: (delta: Delta) => Promise<AppendOutcome>;
  /** What happened to runs beyond the cursors; runs that are gone are left out. */
  read: (cursors: readonly Cursor[]) => Promise<FollowedRun[]>;
}

/** Shortest time between two flushes: what comes meanwhile goes with the next. */
const spacingMs = 5;

interface Waiting {
  delta: Delta;
  resolve: (outcome: AppendOutcome) => void;
  reject: (error: unknown) => void;
}

/** Tells each delta what became of it, by the same rule as the statement that stored it. */
function judge(waiting: readonly Waiting[], leased: readonly LeasedRun[], maxBytes: number): Set<number> {
  const byRun = new Map(leased.map((run) => [run.runId, { ...run }]));
  const grown = new Set<number>();
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
      grown.add(delta.runId);
      resolve({ kind: "stored", lease });
    }
  }
  return grown;
}

/**
 * Deltas in the table `run_events`, with hints for who watches.
 *
 * @param options.maxBytes what all deltas of a lease may have together, in UTF-8
 */
export function createDeltas(options: { queries: Queries; hints: Hints; maxBytes: number }): Deltas {
  const { queries, hints, maxBytes } = options;
  let waiting: Waiting[] = [];
  let scheduled = false;

  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    try {
      const leased = await queries.insertDeltas(
        batch.map(({ delta }) => delta),
        maxBytes,
      );
      for (const runId of judge(batch, leased, maxBytes)) hints.publish(`run:${runId}`);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const round = async (): Promise<void> => {
    const startedAt = performance.now();
    await flush();
    if (waiting.length === 0) scheduled = false;
    else setTimeout(() => void round(), Math.max(0, spacingMs - (performance.now() - startedAt)));
  };

  return {
    append: (delta) =>
      new Promise((resolve, reject) => {
        waiting.push({ delta, resolve, reject });
        if (scheduled) return;
        scheduled = true;
        setTimeout(() => void round(), spacingMs);
      }),
    read: queries.followRuns,
  };
}
