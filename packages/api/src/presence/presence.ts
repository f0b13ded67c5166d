import { limits } from "@deepbot/contract";
import type { ListedWorker, Statements } from "@deepbot/db";
import type { Notifier } from "@deepbot/live";
import type { Events } from "../events/events.ts";
import type { ServiceKey } from "../identity/service-key.ts";
import { createKnownWorkers, type KnownWorkers } from "./known-workers.ts";
import { createOwnSummary, joinServed, summarize, type ServedAssistants } from "./served.ts";

/** A worker whose row was not renewed for this long has vanished: some more than two renewals. */
const freshMs = 25_000;
/** How old an answer about the workers of other servers may be. */
const answerMaxAgeMs = 1_000;
/** How often those are read while somebody waits for a change, for notifications that were lost and workers that vanish. */
const pollIntervalMs = 5_000;
/** How long a reader of the original protocol counts as present: it has no long poll. */
const legacyMs = 30_000;

export interface Presence extends Pick<KnownWorkers, "poll" | "gave" | "reported"> {
  /** A worker on the original protocol has read the open questions. It keeps none from fallback workers. */
  readLegacy: (key: ServiceKey) => void;
  /** Whether a worker serves the assistant, at whatever server. */
  isOnline: (assistantId: number) => Promise<boolean>;
  /** How many workers poll or hold runs, at whatever server. */
  count: () => Promise<number>;
  /** The known workers of all servers, seen last first; vanished ones for an hour. */
  list: () => Promise<ListedWorker[]>;
  /** The assistants whose runs are not for fallback workers. */
  servedByOthers: () => Promise<ServedAssistants>;
  /** The same as far as is known here, without a statement. */
  knownOthers: () => ServedAssistants;
  /** Calls back when what workers serve has changed. @param isWaiting whether anybody waits for that */
  onChange: (watcher: { isWaiting: () => boolean; changed: () => void }) => void;
  /** Writes and reads what is due: one statement each at most. */
  tick: () => Promise<void>;
}

/** What the workers of all servers serve, as the database has it. */
function createCoverageReads(statements: Pick<Statements, "listCoverages">) {
  let served = summarize([]);
  let readAt = -Infinity;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    const startedAt = performance.now();
    served = summarize(await statements.listCoverages(freshMs));
    readAt = startedAt;
  };
  return {
    served: () => served,
    expire: () => {
      readAt = -Infinity;
    },
    /** Reads unless the last read is young enough. Reads at one moment share a statement. */
    refresh: async (maxAgeMs: number): Promise<void> => {
      if (performance.now() - readAt <= maxAgeMs) return;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      await reading;
    },
  };
}

/** Notes each reader of the original protocol as present for a while. */
function createLegacyReaders(known: KnownWorkers): Presence["readLegacy"] {
  const readers = new Map<string, { leave: () => void; timer: NodeJS.Timeout }>();
  return ({ keyId, assistantIds }) => {
    const reader = readers.get(keyId);
    if (reader !== undefined) {
      reader.timer.refresh();
      return;
    }
    const end = known.poll({ keyId, name: "GET /messages", capacity: null, assistantIds, fallback: true });
    const leave = (): void => {
      readers.delete(keyId);
      end();
    };
    readers.set(keyId, { leave, timer: setTimeout(leave, legacyMs).unref() });
  };
}

/** Those who want to know of changes. */
function createWatchers() {
  const watchers: { isWaiting: () => boolean; changed: () => void }[] = [];
  let told = "";
  return {
    add: (watcher: (typeof watchers)[number]): void => void watchers.push(watcher),
    areWaiting: (): boolean => watchers.some(({ isWaiting }) => isWaiting()),
    /** @param state of the workers, to be compared with the one before */
    tell: (state: string): void => {
      if (state === told) return;
      told = state;
      watchers.forEach(({ changed }) => changed());
    },
  };
}

export interface PresenceDeps {
  statements: Pick<Statements, "writeWorkers" | "countWorkers" | "listCoverages" | "listWorkers">;
  notifier: Pick<Notifier, "subscribe" | "onGap">;
  events: Pick<Events, "emit">;
}

/** Who is there to answer. Each server tells the database what it has seen, every few seconds and for all workers together. */
export function createPresence({ statements, notifier, events }: PresenceDeps): Presence {
  const known = createKnownWorkers();
  const reads = createCoverageReads(statements);
  const watchers = createWatchers();
  notifier.subscribe("workers", reads.expire);
  notifier.onGap(reads.expire);

  const own = createOwnSummary(known.coverages);

  const write = async (): Promise<void> => {
    const changes = known.due();
    if (changes === undefined) return;
    const rows = await statements.writeWorkers(changes);
    if (known.written(changes, rows)) events.emit({ kind: "workers_changed" });
  };

  return {
    poll: (poll) => {
      own.came(poll);
      return known.poll(poll);
    },
    gave: known.gave,
    reported: known.reported,
    readLegacy: createLegacyReaders(known),
    isOnline: async (assistantId) => {
      if (own.get().serves(assistantId)) return true;
      await reads.refresh(answerMaxAgeMs);
      return reads.served().serves(assistantId);
    },
    count: () => statements.countWorkers(freshMs),
    list: () => statements.listWorkers(limits.workersShown),
    servedByOthers: async () => {
      if (own.get().others === "all") return "all";
      await reads.refresh(answerMaxAgeMs);
      return joinServed(own.get().others, reads.served().others);
    },
    knownOthers: () => joinServed(own.get().others, reads.served().others),
    onChange: watchers.add,
    tick: async () => {
      await write();
      if (!watchers.areWaiting()) return;
      await reads.refresh(pollIntervalMs);
      const [here, elsewhere] = [own.get(), reads.served()];
      const anybody = joinServed(here.anybody, elsewhere.anybody);
      watchers.tell(JSON.stringify([anybody, joinServed(here.others, elsewhere.others)]));
    },
  };
}
