/** Runs that changed: `deltas` were probably added, or the `states` must be read. */
export interface Marks {
  add: (runId: number, kind: "deltas" | "states") => void;
}

/** Shortest time between two reads. After a pause the first read starts at once. */
const tickMs = 10;

/** Collects marks and has them read together, once per tick. The fallback poll makes up for a failed read. */
export function createMarks(read: (marked: { deltas: number[]; states: number[] }) => Promise<void>): Marks {
  const marked = { deltas: new Set<number>(), states: new Set<number>() };
  let scheduled = false;
  let readAt = -Infinity;

  const tick = async (): Promise<void> => {
    readAt = performance.now();
    const batch = { deltas: [...marked.deltas], states: [...marked.states] };
    marked.deltas.clear();
    marked.states.clear();
    await read(batch).catch(() => {});
    scheduled = false;
    if (marked.deltas.size + marked.states.size > 0) schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    const restMs = readAt + tickMs - performance.now();
    if (restMs > 0) setTimeout(() => void tick(), restMs);
    else setImmediate(() => void tick());
  };
  return {
    add: (runId, kind) => {
      marked[kind].add(runId);
      schedule();
    },
  };
}
