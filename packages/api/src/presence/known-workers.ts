import {
  workerLeaveGraceMs,
  type LeftWorker,
  type PresentWorker,
  type Coverage,
  type WorkerChanges,
  type WorkerRow,
} from "@deepbot/db";

/** Shortest time between two writes that bring no news. Shorter than the grace, see {@link isStale}. */
const rewriteMs = 1_000;
/** How old the row of a present worker may become. */
const refreshMs = 10_000;
/** Bounds what is remembered of workers and of their runs; beyond that the oldest is forgotten. */
const maxKnown = 20_000;

type WorkerKey = Pick<PresentWorker, "keyId" | "name">;

interface KnownWorker extends WorkerKey, Pick<PresentWorker, "capacity"> {
  /** What its open polls ask for. */
  polls: Set<Coverage>;
  /** What its last poll asked for. */
  last: Coverage;
  /** When it polled or reported last. */
  seenAt: number;
  /** When its row was written last; never: -Infinity. */
  writtenAt: number;
  /** The moment of that write, by the database; "" before the first. */
  rowSeenAt: string;
  /** What the row says that it serves. */
  rowCoverage: string;
  /** It polls again after a pause, so another server may take it for gone. */
  isBack: boolean;
  /** When to try again to delete its row. */
  leaveAt: number;
}

export type Poll = Coverage & WorkerKey & Pick<PresentWorker, "capacity">;

/** What this process has seen of workers, and when it has to tell the database. */
export interface KnownWorkers {
  /** @returns the function that ends the poll */
  poll: (poll: Poll) => () => void;
  gave: (worker: WorkerKey, runId: number) => void;
  reported: (runId: number) => void;
  /** What the workers serve that are here at this moment. */
  coverages: () => Coverage[];
  /** What is to be written now; undefined if nothing is. */
  due: () => WorkerChanges | undefined;
  /** @returns whether a worker has come or gone, or serves something else */
  written: (changes: WorkerChanges, rows: readonly WorkerRow[]) => boolean;
}

interface State {
  now: () => number;
  known: Map<string, KnownWorker>;
  /** Who holds the runs that were given here. */
  holders: Map<number, KnownWorker>;
  /** Runs that others gave and on which a worker reported here. */
  strangers: Set<number>;
  writtenAt: number;
}

const nameOf = ({ keyId, name }: WorkerKey): string => `${keyId} ${name}`;

/** All that open polls ask for together, or what the last one did. */
function coverageOf({ polls, last }: KnownWorker): Coverage {
  const [first = last, ...more] = polls;
  if (more.length === 0) return first;
  const open = [first, ...more];
  const ids = open.flatMap(({ assistantIds }) => assistantIds ?? []);
  return {
    assistantIds: open.some(({ assistantIds }) => assistantIds === null) ? null : [...new Set(ids)],
    fallback: open.every(({ fallback }) => fallback),
  };
}

const formOf = ({ assistantIds, fallback }: Coverage): string => JSON.stringify([assistantIds, fallback]);

function isPresent({ polls, seenAt }: KnownWorker, now: number): boolean {
  return polls.size > 0 || now - seenAt < workerLeaveGraceMs;
}

/** Others do not know it yet, or not what it serves. */
function isNews(worker: KnownWorker): boolean {
  return worker.rowSeenAt === "" || worker.rowCoverage !== formOf(coverageOf(worker));
}

/** One that polls again is written before another server, where it polled in between, would delete its row. */
function isStale({ isBack, writtenAt }: KnownWorker, now: number): boolean {
  return now - writtenAt >= (isBack ? rewriteMs : refreshMs);
}

function limitSize(map: Map<unknown, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= maxKnown) return;
    map.delete(key);
  }
}

function meet({ known, now }: State, { keyId, name, capacity, ...coverage }: Poll): KnownWorker {
  const worker = known.get(nameOf({ keyId, name })) ?? {
    keyId,
    name,
    capacity,
    polls: new Set(),
    last: coverage,
    seenAt: now(),
    writtenAt: -Infinity,
    rowSeenAt: "",
    rowCoverage: "",
    isBack: false,
    leaveAt: 0,
  };
  known.set(nameOf(worker), worker);
  limitSize(known);
  return Object.assign(worker, { capacity, last: coverage, isBack: worker.polls.size === 0 || worker.isBack });
}

/** Workers whose rows are to be deleted. Those without a row are forgotten at once. */
function findLeft({ known, now }: State): LeftWorker[] {
  return [...known.values()].flatMap((worker) => {
    if (isPresent(worker, now()) || now() < worker.leaveAt) return [];
    const { keyId, name, rowSeenAt } = worker;
    if (rowSeenAt !== "") return [{ keyId, name, seenAt: rowSeenAt }];
    known.delete(nameOf(worker));
    return [];
  });
}

function findDue(state: State): WorkerChanges | undefined {
  const now = state.now();
  const left = findLeft(state);
  const here = [...state.known.values()].filter((worker) => isPresent(worker, now));
  const stale = new Set(here.filter((worker) => isNews(worker) || isStale(worker, now)));
  const hasNews = left.length > 0 || [...stale].some(isNews);
  const mayRewrite = now - state.writtenAt >= rewriteMs && (stale.size > 0 || state.strangers.size > 0);
  if (!hasNews && !mayRewrite) return undefined;
  const reportedRunIds = [...state.strangers];
  state.strangers.clear();
  // Those whose turn would come soon are written with the others, so that all come to be written together.
  const soon = here.filter((worker) => stale.has(worker) || now - worker.writtenAt >= refreshMs / 2);
  const present = soon.map((worker) => {
    const { keyId, name, capacity } = worker;
    return { keyId, name, capacity, ...coverageOf(worker) };
  });
  return { present, reportedRunIds, left };
}

function forget({ known, now }: State, left: readonly LeftWorker[], held: ReadonlySet<string>): void {
  for (const gone of left) {
    const worker = known.get(nameOf(gone));
    if (worker === undefined || isPresent(worker, now())) continue;
    if (held.has(nameOf(gone))) worker.leaveAt = now() + refreshMs;
    else known.delete(nameOf(gone));
  }
}

/** From now on this server answers for these rows. Those that were found by a report count as seen at this moment. */
function note(state: State, rows: readonly WorkerRow[], present: readonly PresentWorker[]): void {
  const written = new Map(present.map((worker) => [nameOf(worker), worker]));
  const now = state.now();
  for (const { keyId, name, seenAt } of rows) {
    const reporter = { keyId, name, capacity: null, assistantIds: [], fallback: true };
    const worker = state.known.get(nameOf(reporter)) ?? meet(state, reporter);
    const given = written.get(nameOf(worker));
    const rowCoverage = formOf(given ?? coverageOf(worker));
    Object.assign(worker, { writtenAt: now, rowSeenAt: seenAt, rowCoverage, isBack: false });
    if (given === undefined) Object.assign(worker, { seenAt: now, leaveAt: 0 });
  }
}

export function createKnownWorkers(clock: () => number = () => performance.now()): KnownWorkers {
  const state: State = {
    now: clock,
    known: new Map(),
    holders: new Map(),
    strangers: new Set(),
    writtenAt: -Infinity,
  };
  const { known, holders, strangers } = state;
  return {
    poll: (poll) => {
      const worker = meet(state, poll);
      const { last } = worker;
      worker.polls.add(last);
      return () => {
        worker.polls.delete(last);
        worker.seenAt = clock();
      };
    },
    gave: (worker, runId) => {
      const holder = known.get(nameOf(worker));
      if (holder !== undefined) holders.set(runId, holder);
      limitSize(holders);
    },
    reported: (runId) => {
      const holder = holders.get(runId);
      const isKnown = holder !== undefined && known.get(nameOf(holder)) === holder;
      if (isKnown) Object.assign(holder, { seenAt: clock(), leaveAt: 0 });
      else if (strangers.size < maxKnown) strangers.add(runId);
    },
    coverages: () => {
      const now = clock();
      return [...known.values()].filter((worker) => isPresent(worker, now)).map(coverageOf);
    },
    due: () => findDue(state),
    written: (changes, rows) => {
      state.writtenAt = clock();
      const seen = rows.filter(({ outcome }) => outcome === "seen");
      const held = new Set(rows.filter(({ outcome }) => outcome === "held").map(nameOf));
      const hasNews = changes.present.some((worker) => known.get(nameOf(worker))?.rowCoverage !== formOf(worker));
      forget(state, changes.left, held);
      note(state, seen, changes.present);
      return hasNews || changes.left.length > held.size;
    },
  };
}
