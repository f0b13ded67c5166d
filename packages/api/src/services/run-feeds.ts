import type { Cursor, FollowedRun, Hints, Queries, StoredDeltas } from "@deepbot/db";
import { isOpen } from "../domain/run-outcome.ts";

/** What a feed tells its followers, in order. */
export type FeedNews =
  | { kind: "reset"; run: FollowedRun }
  | { kind: "deltas"; generation: number; deltas: FollowedRun["deltas"] }
  | { kind: "ended"; run: FollowedRun }
  | { kind: "gone" };

/** A follower of one run. */
export interface Follower {
  onNews: (news: FeedNews) => void;
}

interface Feed {
  cursor: Cursor;
  followers: Set<Follower>;
  unsubscribe: () => void;
}

/**
 * The runs that are watched in this process. A hint marks a run as changed, and one statement per tick reads all
 * that are marked; while nothing happens there is none.
 */
export interface RunFeeds {
  /** @returns the function that ends it */
  follow: (run: { runId: number; dialogId: number }, position: Omit<Cursor, "runId">, follower: Follower) => () => void;
  /**
   * Tells followers what was stored in this process a moment ago, so that it need not be read. Returns false when they have
   * not got all that came before.
   */
  handOver: (stored: StoredDeltas) => boolean;
  /** Marks what changed without a hint. One statement for all feeds. */
  look: () => Promise<void>;
}

/** Shortest time between two reads: hints that come meanwhile gather for the next. After a pause the first is read at once. */
const tickMs = 10;

function tell({ followers }: Feed, news: FeedNews): void {
  for (const follower of Array.from(followers)) follower.onNews(news);
}

/** Brings a feed up to what was read of its run. */
function advance(feed: Feed, run: FollowedRun | undefined): void {
  if (run === undefined) {
    tell(feed, { kind: "gone" });
    return;
  }
  if (run.generation > feed.cursor.generation) {
    feed.cursor = { runId: run.runId, generation: run.generation, seq: 0 };
    tell(feed, { kind: "reset", run });
  }
  const deltas = run.deltas.filter((delta) => delta.seq > feed.cursor.seq);
  const last = deltas.at(-1);
  if (last !== undefined) {
    feed.cursor.seq = last.seq;
    tell(feed, { kind: "deltas", generation: run.generation, deltas });
  }
  if (!isOpen(run.state)) tell(feed, { kind: "ended", run });
}

/** The same with what comes right after a feed's position; false when something is missing between. */
function continueWith(feed: Feed | undefined, { generation, deltas }: StoredDeltas): boolean {
  const last = deltas.at(-1);
  if (feed?.cursor.generation !== generation || feed.cursor.seq + 1 !== deltas[0]?.seq || last === undefined)
    return false;
  feed.cursor.seq = last.seq;
  tell(feed, { kind: "deltas", generation, deltas });
  return true;
}

interface Marks {
  add: (runId: number) => void;
}

/** Gathers what is marked, and has it read once per tick. A read that fails is made up for by the slow look. */
function createMarks(read: (runIds: number[]) => Promise<void>): Marks {
  const marked = new Set<number>();
  let scheduled = false;
  let readAt = -Infinity;

  const tick = async (): Promise<void> => {
    readAt = performance.now();
    const runIds = [...marked];
    marked.clear();
    await read(runIds).catch(() => {});
    scheduled = false;
    if (marked.size > 0) schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    const restMs = readAt + tickMs - performance.now();
    if (restMs > 0) setTimeout(() => void tick(), restMs);
    else setImmediate(() => void tick());
  };
  return {
    add: (runId) => {
      marked.add(runId);
      schedule();
    },
  };
}

export function createRunFeeds(deps: { hints: Hints; queries: Queries }): RunFeeds {
  const feeds = new Map<number, Feed>();

  const marks = createMarks(async (runIds) => {
    const cursors = runIds.flatMap((runId) => feeds.get(runId)?.cursor ?? []);
    if (cursors.length === 0) return;
    const found = new Map((await deps.queries.followRuns(cursors)).map((run) => [run.runId, run]));
    for (const { runId } of cursors) {
      const feed = feeds.get(runId);
      if (feed !== undefined) advance(feed, found.get(runId));
    }
  });

  const openFeed = (run: { runId: number; dialogId: number }, position: Omit<Cursor, "runId">): Feed => {
    const onHint = (): void => marks.add(run.runId);
    const ends = [
      deps.hints.subscribe(`run:${run.runId}`, onHint),
      deps.hints.subscribe(`dialog:${run.dialogId}`, onHint),
    ];
    const feed: Feed = {
      cursor: { runId: run.runId, ...position },
      followers: new Set(),
      unsubscribe: () => ends.forEach((end) => end()),
    };
    feeds.set(run.runId, feed);
    return feed;
  };

  deps.hints.onGap(() => feeds.forEach((_, runId) => marks.add(runId)));

  return {
    follow: (run, position, follower) => {
      const feed = feeds.get(run.runId) ?? openFeed(run, position);
      feed.followers.add(follower);
      return () => {
        feed.followers.delete(follower);
        if (feed.followers.size > 0 || feeds.get(run.runId) !== feed) return;
        feed.unsubscribe();
        feeds.delete(run.runId);
      };
    },
    handOver: (stored) => continueWith(feeds.get(stored.runId), stored),
    look: async () => {
      if (feeds.size === 0) return;
      const cursors = Array.from(feeds.values(), (feed) => feed.cursor);
      (await deps.queries.listChangedRuns(cursors)).forEach(marks.add);
    },
  };
}
