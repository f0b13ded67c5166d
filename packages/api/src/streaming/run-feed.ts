import { formatEventId, isOpen, type Position, type RunEvent, type RunState } from "@deepbot/contract";
import type { Cursor, RunRow, Statements } from "@deepbot/db";
import type { DeltaStore, Notifier } from "@deepbot/live";
import type { DeltasStored } from "../events/events.ts";
import { createMarks, type Marks } from "./marks.ts";

type DeltaEvent = Extract<RunEvent, { type: "delta" }>;
export type WaitingEvent = Extract<RunEvent, { type: "waiting" }>;

/** A delta as all subscribers share it. */
export interface SharedDelta {
  id: string;
  seq: number;
  event: DeltaEvent;
}

/** What a feed tells its subscribers, in order. */
export type RunNews =
  | { kind: "reset"; epoch: number; attempt: number }
  | { kind: "deltas"; epoch: number; deltas: SharedDelta[] }
  | { kind: "waiting"; event: WaitingEvent }
  | { kind: "ended"; run: RunRow }
  | { kind: "gone" };

export interface FeedSubscription {
  /** Starts a new feed at the position of its first subscriber. A feed that has started stays where it is. */
  begin: (position: Position, state: RunState) => void;
  close: () => void;
}

interface Feed {
  run: { runId: number; dialogId: number };
  /** Null until the first subscriber knows where to begin. */
  cursor: Cursor | null;
  /** A notification arrived before the beginning. */
  isBehind: boolean;
  /** Of a queued run: since when that is known, and what its subscribers were told of the line. */
  queue: { since: number; told: WaitingEvent | undefined } | undefined;
  subscribers: Set<(news: RunNews) => void>;
  unsubscribe: () => void;
}

/**
 * The runs that somebody in this process watches. Deltas that were stored in this process arrive by local delivery. What
 * other processes did is read after a notification: one statement per tick for all runs, and none while nothing happens.
 */
export interface RunFeeds {
  subscribe: (run: { runId: number; dialogId: number }, onNews: (news: RunNews) => void) => FeedSubscription;
  /** The queued runs among them. */
  queued: () => { runId: number; since: number; isTold: boolean }[];
  /** Tells the subscribers of a queued run, unless they know it already. */
  tellWaiting: (runId: number, waiting: Pick<WaitingEvent, "online" | "position">) => void;
  /** @returns false when subscribers lack what came before, so that the deltas must be read */
  deliverLocally: (stored: DeltasStored) => boolean;
  /** Finds changes whose notification was lost, with one statement for all feeds. */
  poll: () => Promise<void>;
}

function tell({ subscribers }: Feed, news: RunNews): void {
  for (const onNews of Array.from(subscribers)) onNews(news);
}

function share(epoch: number, { seq, text }: { seq: number; text: string }): SharedDelta {
  return { id: formatEventId({ epoch, seq }), seq, event: { type: "delta", seq, text } };
}

const encoded = new WeakMap<object, string>();

/** The event as JSON text. All subscribers of a run share its event objects, so each is encoded once. */
export function encodeOnce(event: object): string {
  const known = encoded.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  encoded.set(event, text);
  return text;
}

/** Passes on deltas that continue the feed; false when something is missing in between. */
function continueFeed(feed: Feed | undefined, { epoch, deltas }: Pick<DeltasStored, "epoch" | "deltas">): boolean {
  const last = deltas.at(-1);
  const cursor = feed?.cursor;
  if (feed === undefined || cursor?.epoch !== epoch || last === undefined) return false;
  if (deltas[0]?.seq !== cursor.seq + 1) return false;
  cursor.seq = last.seq;
  tell(feed, { kind: "deltas", epoch, deltas: deltas.map((delta) => share(epoch, delta)) });
  return true;
}

interface FeedReads {
  store: DeltaStore;
  statements: Pick<Statements, "followRuns">;
  feeds: ReadonlyMap<number, Feed>;
}

/** Reads what is new. A run without new deltas, or with deltas of a later epoch, has changed state. */
async function readDeltas({ store, feeds }: FeedReads, runIds: readonly number[]): Promise<number[]> {
  const cursors = runIds.flatMap((runId) => feeds.get(runId)?.cursor ?? []);
  if (cursors.length === 0) return [];
  const found = Map.groupBy(await store.readAfter(cursors), ({ runId }) => runId);
  return cursors.flatMap(({ runId }) => {
    const feed = feeds.get(runId);
    const { epoch = 0, seq = 0 } = feed?.cursor ?? {};
    // Local delivery may have been faster than the statement.
    const fresh = (found.get(runId) ?? []).filter((delta) => delta.epoch > epoch || delta.seq > seq);
    const isKnown = found.has(runId) && fresh.length === 0;
    return isKnown || continueFeed(feed, { epoch, deltas: fresh.filter((delta) => delta.epoch === epoch) })
      ? []
      : [runId];
  });
}

/** Deltas that subscribers of ended runs do not have yet: they come before the end. */
async function readLastDeltas({ store, feeds }: FeedReads, runs: readonly RunRow[]): Promise<void> {
  const cursors = runs.flatMap(({ runId, epoch }) => {
    const cursor = feeds.get(runId)?.cursor;
    return cursor?.epoch === epoch ? [cursor] : [];
  });
  if (cursors.length === 0) return;
  for (const [runId, deltas] of Map.groupBy(await store.readAfter(cursors), (delta) => delta.runId)) {
    const feed = feeds.get(runId);
    const { epoch = 0, seq = 0 } = feed?.cursor ?? {};
    continueFeed(feed, { epoch, deltas: deltas.filter((delta) => delta.epoch === epoch && delta.seq > seq) });
  }
}

/** @returns whether the run was claimed again since the feed was there */
function beginEpoch(feed: Feed, { runId, epoch, attempt }: RunRow): boolean {
  if (feed.cursor === null || epoch <= feed.cursor.epoch) return false;
  feed.cursor = { runId, epoch, seq: 0 };
  feed.queue = undefined;
  tell(feed, { kind: "reset", epoch, attempt });
  return true;
}

function noteState(feed: Feed, state: RunState): void {
  if (state !== "queued") feed.queue = undefined;
  else feed.queue ??= { since: performance.now(), told: undefined };
}

/** @returns the runs that were claimed again, whose deltas are still to be read */
async function readStates(reads: FeedReads, runIds: readonly number[]): Promise<number[]> {
  const { statements, feeds } = reads;
  const watched = runIds.filter((runId) => feeds.get(runId)?.cursor !== null);
  if (watched.length === 0) return [];
  const runs = new Map((await statements.followRuns(watched)).map((run) => [run.runId, run]));
  const claimedAgain = watched.filter((runId) => {
    const [feed, run] = [feeds.get(runId), runs.get(runId)];
    return feed !== undefined && run !== undefined && beginEpoch(feed, run);
  });
  await readLastDeltas(
    reads,
    [...runs.values()].filter(({ state }) => !isOpen(state)),
  );
  for (const runId of watched) {
    const [feed, run] = [feeds.get(runId), runs.get(runId)];
    if (feed === undefined) continue;
    if (run === undefined) tell(feed, { kind: "gone" });
    else if (!isOpen(run.state)) tell(feed, { kind: "ended", run });
    else noteState(feed, run.state);
  }
  return claimedAgain;
}

/** A feed that listens from now on, and starts at the position of its first subscriber. */
function openFeed(run: Feed["run"], { notifier, marks }: { notifier: Notifier; marks: Marks }): Feed {
  const onNotification = (kind: "deltas" | "states") => (): void => {
    feed.isBehind = true;
    if (feed.cursor !== null) marks.add(run.runId, kind);
  };
  const unsubscribes = [
    notifier.subscribe(`run:${run.runId}`, onNotification("deltas")),
    notifier.subscribe(`dialog:${run.dialogId}`, onNotification("states")),
  ];
  const unsubscribe = (): void => unsubscribes.forEach((end) => end());
  const feed: Feed = { run, cursor: null, isBehind: false, queue: undefined, subscribers: new Set(), unsubscribe };
  return feed;
}

function beginFeed(feed: Feed, { position, state }: { position: Position; state: RunState }, marks: Marks): void {
  if (feed.cursor !== null) return;
  const { runId } = feed.run;
  noteState(feed, state);
  feed.cursor = { runId, ...position };
  // The run may have changed between the read that found it and the subscription.
  marks.add(runId, "states");
  if (feed.isBehind) marks.add(runId, "deltas");
}

function queuedAmong(feeds: Iterable<Feed>): ReturnType<RunFeeds["queued"]> {
  return Array.from(feeds).flatMap(({ run: { runId }, queue }) =>
    queue === undefined ? [] : [{ runId, since: queue.since, isTold: queue.told !== undefined }],
  );
}

function tellPlace(feed: Feed | undefined, { online, position }: Pick<WaitingEvent, "online" | "position">): void {
  if (feed?.queue === undefined) return;
  const { told } = feed.queue;
  if (told?.online === online && told.position === position) return;
  feed.queue.told = { type: "waiting", online, position };
  tell(feed, { kind: "waiting", event: feed.queue.told });
}

export function createRunFeeds(deps: {
  notifier: Notifier;
  statements: Pick<Statements, "followRuns" | "listChangedRuns">;
  store: DeltaStore;
}): RunFeeds {
  const { notifier, statements } = deps;
  const feeds = new Map<number, Feed>();
  const reads = { ...deps, feeds };
  const marks = createMarks(async ({ deltas, states }) => {
    const changed = await readDeltas(reads, deltas);
    for (const runId of await readStates(reads, [...new Set([...states, ...changed])])) marks.add(runId, "deltas");
  });

  notifier.onGap(() => feeds.forEach((_, runId) => marks.add(runId, "deltas")));

  return {
    subscribe: (run, onNews) => {
      const { runId } = run;
      const feed = feeds.get(runId) ?? openFeed(run, { notifier, marks });
      feeds.set(runId, feed);
      feed.subscribers.add(onNews);
      return {
        begin: (position, state) => {
          const told = feed.queue?.told;
          if (told !== undefined) onNews({ kind: "waiting", event: told });
          beginFeed(feed, { position, state }, marks);
        },
        close: () => {
          feed.subscribers.delete(onNews);
          if (feed.subscribers.size > 0 || feeds.get(runId) !== feed) return;
          feed.unsubscribe();
          feeds.delete(runId);
        },
      };
    },
    queued: () => queuedAmong(feeds.values()),
    tellWaiting: (runId, waiting) => tellPlace(feeds.get(runId), waiting),
    deliverLocally: (stored) => continueFeed(feeds.get(stored.runId), stored),
    poll: async () => {
      const cursors = Array.from(feeds.values()).flatMap(({ cursor }) => cursor ?? []);
      if (cursors.length === 0) return;
      for (const runId of await statements.listChangedRuns(cursors)) marks.add(runId, "deltas");
    },
  };
}
