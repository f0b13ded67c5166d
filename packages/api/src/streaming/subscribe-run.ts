import { endEventId, formatEventId, isOpen, parseEventId, type Position, type RunEvent } from "@deepbot/contract";
import type { RunRow } from "@deepbot/db";
import type { DeltaStore } from "@deepbot/live";
import { AppError } from "../app-error.ts";
import { credentialEnd, type Credential, type CredentialWatches } from "../identity/credential-watch.ts";
import type { FindRun, RunKey } from "../runs/find-run.ts";
import { toWireRun } from "../runs/wire.ts";
import type { ConcurrencyLimiter } from "../shared/concurrency-limiter.ts";
import type { RunFeeds, RunNews } from "./run-feed.ts";
import { createSubscriberBuffer, type SubscriberBuffer } from "./subscriber-buffer.ts";

/** An event, with the id that a subscriber resumes from. */
export interface TrackedEvent {
  id: string;
  event: RunEvent;
}

export interface RunSubscription {
  runId: number;
  userId: number;
  credential: Credential;
  /** Id of the last event that the subscriber has, if it resumes. */
  lastEventId: string | undefined;
  /** Whether it knows the event `waiting`. */
  knowsWaiting: boolean;
}

export interface SubscribeRunDeps {
  find: FindRun;
  store: DeltaStore;
  feeds: RunFeeds;
  credentialWatches: CredentialWatches;
  limiter: ConcurrencyLimiter;
}

/**
 * Events of a run until it ends: a snapshot, or what came after `lastEventId`; then waitings, deltas and resets; then one end.
 *
 * @throws {AppError} `run_not_found`, `too_many_watches`; later `dialog_deleted`, or `session_invalid` once the session or
 *   the token has ended
 */
export type SubscribeRun = (subscription: RunSubscription, signal: AbortSignal) => AsyncGenerator<TrackedEvent>;

/** How far a subscriber has come. */
interface Progress {
  position: Position | undefined;
  ended: boolean;
  knowsWaiting: boolean;
}

const endOfRun = new WeakMap<RunRow, TrackedEvent>();

/** One event object per row, so that subscribers of a feed share it. */
function endOf(run: RunRow): TrackedEvent {
  const end = endOfRun.get(run) ?? { id: endEventId, event: { type: "end", run: toWireRun(run) } };
  endOfRun.set(run, end);
  return end;
}

/** The present state: the first event, or a new beginning after a gap. */
async function readSnapshot(store: DeltaStore, progress: Progress, run: RunRow): Promise<TrackedEvent> {
  const { runId, epoch, attempt, state } = run;
  if (!isOpen(state)) {
    progress.ended = true;
    return endOf(run);
  }
  const { seq, text } = epoch === 0 ? { seq: 0, text: "" } : await store.snapshot({ runId, epoch });
  progress.position = { epoch, seq };
  return { id: formatEventId(progress.position), event: { type: "snapshot", state, attempt, seq, text } };
}

/** What came after an event that the subscriber has; undefined where its position does not exist (any more). */
async function readMissed(
  store: DeltaStore,
  progress: Progress,
  { run, from }: { run: RunRow; from: Position },
): Promise<TrackedEvent[] | undefined> {
  const { runId, epoch } = run;
  if (from.epoch !== epoch || !isOpen(run.state)) return undefined;
  // Reading from one before the position proves that the position exists.
  const seq = Math.max(0, from.seq - 1);
  const deltas = await store.readAfter([{ runId, epoch, seq }]);
  const isContinuous = deltas.every((delta, index) => delta.epoch === epoch && delta.seq === seq + 1 + index);
  if (!isContinuous || seq + deltas.length < from.seq) return undefined;
  progress.position = { epoch, seq: seq + deltas.length };
  return deltas
    .filter((delta) => delta.seq > from.seq)
    .map((delta) => ({ id: formatEventId(delta), event: { type: "delta", seq: delta.seq, text: delta.text } }));
}

/** Events for news that the subscriber does not have yet; "gap" when it misses something before them. */
function eventsOf(progress: Progress, news: RunNews): TrackedEvent[] | "gap" {
  const { epoch, seq } = progress.position ?? { epoch: -1, seq: 0 };
  switch (news.kind) {
    case "waiting": {
      // It leads nowhere: a client that resumes with its id has missed nothing.
      const { position = { epoch: 0, seq: 0 }, knowsWaiting } = progress;
      return knowsWaiting ? [{ id: formatEventId(position), event: news.event }] : [];
    }
    case "gone":
      throw new AppError("dialog_deleted");
    case "ended":
      progress.ended = true;
      return [endOf(news.run)];
    case "reset":
      if (news.epoch <= epoch) return [];
      progress.position = { epoch: news.epoch, seq: 0 };
      return [{ id: formatEventId(progress.position), event: { type: "reset", attempt: news.attempt } }];
    case "deltas": {
      if (news.epoch < epoch) return [];
      const fresh = news.deltas.filter((delta) => delta.seq > seq);
      const [first] = fresh;
      if (news.epoch > epoch || (first !== undefined && first.seq > seq + 1)) return "gap";
      progress.position = { epoch, seq: fresh.at(-1)?.seq ?? seq };
      return fresh;
    }
  }
}

async function* follow(
  { find, store }: SubscribeRunDeps,
  { buffer, key }: { buffer: SubscriberBuffer; key: RunKey },
  progress: Progress,
): AsyncGenerator<TrackedEvent> {
  while (!progress.ended && !buffer.isClosed()) {
    const news = buffer.take();
    if (news === undefined) {
      await buffer.wait();
      continue;
    }
    const events = news === "overflow" ? "gap" : eventsOf(progress, news);
    if (events !== "gap") {
      yield* events;
      continue;
    }
    const run = await find(key);
    if (run === undefined) throw new AppError("dialog_deleted");
    yield await readSnapshot(store, progress, run);
  }
}

export function createSubscribeRun(deps: SubscribeRunDeps): SubscribeRun {
  const { find, store, feeds, credentialWatches, limiter } = deps;
  return async function* ({ runId, userId, credential, lastEventId, knowsWaiting }, signal) {
    const key = { runId, userId };
    const run = await find(key);
    if (run === undefined) throw new AppError("run_not_found");
    const release = limiter.acquire(userId);
    const buffer = createSubscriberBuffer();
    let credentialEnded = false;
    signal.addEventListener("abort", buffer.close);
    if (signal.aborted) buffer.close();
    const subscription = feeds.subscribe(run, buffer.put);
    const unwatch = credentialWatches.open(credential, () => {
      credentialEnded = true;
      buffer.close();
    });
    const progress: Progress = { position: undefined, ended: false, knowsWaiting };
    try {
      const from = parseEventId(lastEventId);
      const missed = from && (await readMissed(store, progress, { run, from }));
      const first = missed ?? [await readSnapshot(store, progress, run)];
      if (progress.position !== undefined) subscription.begin(progress.position, run.state);
      yield* first;
      yield* follow(deps, { buffer, key }, progress);
      if (credentialEnded) throw credentialEnd(credential);
    } finally {
      unwatch();
      subscription.close();
      release();
    }
  };
}
