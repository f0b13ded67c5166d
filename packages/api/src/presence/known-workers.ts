import type { LeftWorker, PresentWorker, Service, WorkerChanges, WorkerRow } from "@deepbot/db";

/** A worker that stopped polling or reporting this long ago has left. Longer than `rewriteMs`, see {@link isStale}. */
export const leaveGraceMs = 2_500;
/** Shortest time between two writes that bring no news. */
export const rewriteMs = 2_000;
/** How old the row of a present worker may become. */
const refreshMs = 10_000;
/** Bounds what is remembered of workers and of their runs; beyond that the oldest is forgotten. */
const maxKnown = 20_000;

interface KnownWorker extends Omit<PresentWorker, "assistantIds" | "fallback"> {
  /** What its open polls ask for. */
  polls: Set<Service>;
  /** What its last poll asked for. */
  last: Service;
  /** When it polled or reported last. */
  seenAt: number;
  /** When its row was written last; never: -Infinity. */
  writtenAt: number;
  /** The moment of that write, by the database. */
  rowSeenAt: string;
  /** What the row says that it serves. */
  rowService: string;
  /** It polls again after a pause, so another server may take it for gone. */
  isBack: boolean;
  /** When to try again to delete its row. */
  leaveAt: number;
}

export type Poll = Service & Pick<PresentWorker, "keyId" | "name" | "capacity">;

/** What this process has seen of workers, and when it has to tell the database. */
export interface KnownWorkers {
  /** @returns the function that ends the poll */
  poll: (poll: Poll) => () => void;
  gave: (worker: Pick<PresentWorker, "keyId" | "name">, runId: number) => void;
  reported: (runId: number) => void;
  /** What the workers serve that are here at this moment. */
  services: () => Service[];
  /** What is to be written now; undefined if nothing is. */
  due: () => WorkerChanges | undefined;
  /** @returns whether a worker has come or gone */
  written: (changes: WorkerChanges, rows: readonly WorkerRow[]) => boolean;
}

const nameOf = ({ keyId, name }: Pick<PresentWorker, "keyId" | "name">): string => `${keyId} ${name}`;

/** All that open polls ask for together, or what the last one did. */
function serviceOf({ polls, last }: KnownWorker): Service {
  const open = polls.size === 0 ? [last] : [...polls];
  const ids = open.flatMap(({ assistantIds }) => assistantIds ?? []);
  return {
    assistantIds: open.some(({ assistantIds }) => assistantIds === null) ? null : [...new Set(ids)],
    fallback: open.every(({ fallback }) => fallback),
  };
}

function isPresent({ polls, seenAt }: KnownWorker, now: number): boolean {
  return polls.size > 0 || now - seenAt < leaveGraceMs;
}

const formOf = (worker: KnownWorker): string => JSON.stringify(serviceOf(worker));

/** Others do not know it yet, or not what it serves. */
function isNews(worker: KnownWorker): boolean {
  return worker.rowSeenAt === "" || worker.rowService !== formOf(worker);
}

/** Written before another server, where it polled in between, would delete the row. */
function isStale({ isBack, writtenAt }: KnownWorker, now: number): boolean {
  return now - writtenAt >= (isBack ? rewriteMs : refreshMs);
}

function limitSize(map: Map<unknown, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= maxKnown) return;
    map.delete(key);
  }
}

export function createKnownWorkers(clock: () => number = () => performance.now()): KnownWorkers {
  const known = new Map<string, KnownWorker>();
  const holders = new Map<number, KnownWorker>();
  let strangers = new Set<number>();
  let writtenAt = -Infinity;

  const meet = ({ keyId, name, capacity, ...service }: Poll): KnownWorker => {
    const now = clock();
    const worker = known.get(nameOf({ keyId, name })) ?? {
      keyId,
      name,
      capacity,
      polls: new Set(),
      last: service,
      seenAt: now,
      writtenAt: -Infinity,
      rowSeenAt: "",
      rowService: "",
      isBack: false,
      leaveAt: 0,
    };
    known.set(nameOf(worker), worker);
    limitSize(known);
    return Object.assign(worker, { capacity, last: service, isBack: worker.polls.size === 0 || worker.isBack });
  };

  const leave = (now: number): LeftWorker[] =>
    [...known.values()].flatMap((worker) => {
      if (isPresent(worker, now) || now < worker.leaveAt) return [];
      const { keyId, name, rowSeenAt } = worker;
      if (rowSeenAt !== "") return [{ keyId, name, seenAt: rowSeenAt }];
      known.delete(nameOf(worker));
      return [];
    });

  const forget = (left: readonly LeftWorker[], held: ReadonlySet<string>): void => {
    const now = clock();
    for (const gone of left) {
      const worker = known.get(nameOf(gone));
      if (worker === undefined || isPresent(worker, now)) continue;
      if (held.has(nameOf(gone))) worker.leaveAt = now + refreshMs;
      else known.delete(nameOf(gone));
    }
  };

  /** From now on this server answers for these rows. Those that were found by a report count as seen at this moment. */
  const note = (rows: readonly WorkerRow[], polling: ReadonlyMap<string, PresentWorker>): void => {
    const now = clock();
    for (const { keyId, name, seenAt } of rows) {
      const reporter = { keyId, name, capacity: null, assistantIds: [], fallback: true };
      const worker = known.get(nameOf(reporter)) ?? meet(reporter);
      Object.assign(worker, { writtenAt: now, rowSeenAt: seenAt, isBack: false });
      const given = polling.get(nameOf(worker));
      if (given === undefined) Object.assign(worker, { seenAt: now, leaveAt: 0, rowService: formOf(worker) });
      else worker.rowService = JSON.stringify({ assistantIds: given.assistantIds, fallback: given.fallback });
    }
  };

  return {
    poll: (poll) => {
      const worker = meet(poll);
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
      if (holder !== undefined && known.get(nameOf(holder)) === holder) {
        holder.seenAt = clock();
        holder.leaveAt = 0;
      } else if (strangers.size < maxKnown) strangers.add(runId);
    },
    services: () => {
      const now = clock();
      return [...known.values()].filter((worker) => isPresent(worker, now)).map(serviceOf);
    },
    due: () => {
      const now = clock();
      const here = [...known.values()].filter((worker) => isPresent(worker, now));
      const left = leave(now);
      const stale = new Set(here.filter((worker) => isNews(worker) || isStale(worker, now)));
      const hasNews = left.length > 0 || [...stale].some(isNews);
      const mayRewrite = now - writtenAt >= rewriteMs && (stale.size > 0 || strangers.size > 0);
      if (!hasNews && !mayRewrite) return undefined;
      // Those whose turn would come soon are written with the others, so that all come to be written together.
      const soon = here.filter((worker) => stale.has(worker) || now - worker.writtenAt >= refreshMs / 2);
      const present = soon.map((worker) => {
        const { keyId, name, capacity } = worker;
        return { keyId, name, capacity, ...serviceOf(worker) };
      });
      const reportedRunIds = [...strangers];
      strangers = new Set();
      return { present, reportedRunIds, left };
    },
    written: (changes, rows) => {
      writtenAt = clock();
      const seen = rows.filter(({ outcome }) => outcome === "seen");
      const held = new Set(rows.filter(({ outcome }) => outcome === "held").map(nameOf));
      const isChanged = ({ assistantIds, fallback, ...worker }: PresentWorker): boolean =>
        known.get(nameOf(worker))?.rowService !== JSON.stringify({ assistantIds, fallback });
      const hasNews = changes.left.length > held.size || changes.present.some(isChanged);
      forget(changes.left, held);
      note(seen, new Map(changes.present.map((worker) => [nameOf(worker), worker])));
      return hasNews;
    },
  };
}
