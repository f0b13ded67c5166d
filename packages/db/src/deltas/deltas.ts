import type { Hints } from "../hints/hints.ts";
import type { Delta, LeasedRun } from "../queries/deltas.ts";
import type { Cursor, FollowedRun } from "../queries/follow-runs.ts";
import type { Queries } from "../queries/index.ts";

/** What became of a delta. A repeat of one that is stored counts as stored. */
export type AppendOutcome =
  | { kind: "stored"; lease: Pick<LeasedRun, "leaseUntil" | "deadlineAt" | "cancelRequested"> }
  | { kind: "gap"; lastSeq: number }
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
function judge(waiting: readonly Waiting[], leased: readonly LeasedRun[]): Set<number> {
  const byRun = new Map(leased.map((run) => [run.runId, run]));
  const reached = new Map(leased.map((run) => [run.runId, run.lastSeq]));
  const grown = new Set<number>();
  const inOrder = waiting.toSorted((a, b) => a.delta.runId - b.delta.runId || a.delta.seq - b.delta.seq);
  for (const { delta, resolve } of inOrder) {
    const lease = byRun.get(delta.runId);
    const lastSeq = reached.get(delta.runId) ?? 0;
    if (lease === undefined || lease.leaseToken !== delta.leaseToken) resolve({ kind: "refused" });
    else if (delta.seq > lastSeq + 1) resolve({ kind: "gap", lastSeq });
    else {
      if (delta.seq === lastSeq + 1) {
        reached.set(delta.runId, delta.seq);
        grown.add(delta.runId);
      }
      resolve({ kind: "stored", lease });
    }
  }
  return grown;
}

/** Deltas in the table `run_events`, with hints for who watches. */
export function createDeltas({ queries, hints }: { queries: Queries; hints: Hints }): Deltas {
  let waiting: Waiting[] = [];
  let scheduled = false;

  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    try {
      const leased = await queries.insertDeltas(batch.map(({ delta }) => delta));
      for (const runId of judge(batch, leased)) hints.publish(`run:${runId}`);
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
