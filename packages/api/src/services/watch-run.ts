import type { FollowedRun, Queries, RunRow, RunWithText } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import { endEventId, eventIdOf, parseEventId, type Position, type RunEvent } from "../domain/run-events.ts";
import { isOpen } from "../domain/run-outcome.ts";
import type { FindRun, RunKey } from "./find-run.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import type { FeedNews, RunFeeds } from "./run-feeds.ts";
import type { Seats } from "./seats.ts";
import type { SessionWatches } from "./session-watch.ts";

/** An event, with the id that a watcher comes back with. */
export interface TrackedEvent {
  id: string;
  event: RunEvent<RunRow>;
}

export interface WatchRequest {
  runId: number;
  userId: number;
  sessionId: string;
  /** Id of the last event that the watcher has, if it comes back. */
  lastEventId: string | undefined;
}

export interface WatchDeps {
  find: FindRun;
  queries: Queries;
  feeds: RunFeeds;
  sessions: SessionWatches;
  seats: Seats;
}

/** What a watcher has been given, and what to give it next. */
interface Progress {
  position: Position;
  ended: boolean;
}

function endOf(run: RunRow): TrackedEvent {
  return { id: endEventId, event: { type: "end", run } };
}

function* deltasAfter(
  progress: Progress,
  { generation, deltas }: Pick<FollowedRun, "generation" | "deltas">,
): Generator<TrackedEvent> {
  if (generation !== progress.position.generation) return;
  for (const { seq, text } of deltas) {
    if (seq <= progress.position.seq) continue;
    progress.position = { generation, seq };
    yield { id: eventIdOf(progress.position), event: { type: "delta", seq, text } };
  }
}

/** Events for news that the watcher does not have yet. */
function* eventsOf(progress: Progress, news: FeedNews): Generator<TrackedEvent> {
  switch (news.kind) {
    case "gone":
      throw new DomainError("dialog_deleted");
    case "reset":
      if (news.run.generation <= progress.position.generation) return;
      progress.position = { generation: news.run.generation, seq: 0 };
      yield { id: eventIdOf(progress.position), event: { type: "reset", attempt: news.run.attempt } };
      return;
    case "deltas":
      yield* deltasAfter(progress, news);
      return;
    case "ended":
      progress.ended = true;
      yield endOf(news.run);
  }
}

/** The parts of a watch: what it begins with, and how it goes on. */
function createWatchParts({ find, queries }: Pick<WatchDeps, "find" | "queries">) {
  const read = async (key: RunKey): Promise<RunWithText> => {
    const run = await find(key);
    if (run === undefined) throw new DomainError("run_not_found");
    return run;
  };

  /** The state of things, as the first event or after too much was lost. */
  async function* snapshot(progress: Progress, key: RunKey): AsyncGenerator<TrackedEvent> {
    const run = await read(key);
    progress.position = { generation: run.generation, seq: run.said.seq };
    const { state, attempt, said } = run;
    if (isOpen(state)) {
      yield { id: eventIdOf(progress.position), event: { type: "snapshot", state, attempt, ...said } };
      return;
    }
    progress.ended = true;
    yield endOf(run);
  }

  /** Goes on after an event that the watcher has, where that is possible. Yields nothing where it is not. */
  async function* resume(progress: Progress, known: RunWithText, from: Position): AsyncGenerator<TrackedEvent> {
    if (from.generation !== known.generation || from.seq > known.said.seq) return;
    const [run] = await queries.followRuns([{ runId: known.runId, ...from }]);
    const isContinuous = run?.generation === from.generation && (run.deltas[0]?.seq ?? from.seq + 1) === from.seq + 1;
    if (run === undefined || !isContinuous || !isOpen(run.state)) return;
    progress.position = from;
    yield* deltasAfter(progress, run);
  }

  async function* follow(progress: Progress, inbox: Inbox, key: RunKey): AsyncGenerator<TrackedEvent> {
    while (!progress.ended && !inbox.isClosed()) {
      const news = inbox.take();
      if (news === "lost") yield* snapshot(progress, key);
      else if (news === undefined) await inbox.wait();
      else yield* eventsOf(progress, news);
    }
  }

  return { read, snapshot, resume, follow };
}

/** Watches runs for people: what was said, what is being said, how it ended. */
export function createWatchService(deps: WatchDeps) {
  const { read, snapshot, resume, follow } = createWatchParts(deps);

  return {
    /**
     * Events of a run until it ends: a snapshot, or what came after `lastEventId`; then deltas, and one end.
     *
     * @throws {DomainError} `run_not_found`, `too_many_watches`; later `dialog_deleted`, or `session_invalid` once the
     *   session has ended
     */
    watch: async function* (request: WatchRequest, signal: AbortSignal): AsyncGenerator<TrackedEvent> {
      const key = { runId: request.runId, userId: request.userId };
      const known = await read(key);
      const leave = deps.seats.take(request.userId);
      const inbox = createInbox();
      let sessionEnded = false;
      signal.addEventListener("abort", inbox.close);
      if (signal.aborted) inbox.close();
      const unfollow = deps.feeds.follow(known, { generation: 0, seq: 0 }, { onNews: inbox.put });
      const unwatch = deps.sessions.open(request.sessionId, () => {
        sessionEnded = true;
        inbox.close();
      });
      const progress: Progress = { position: { generation: -1, seq: 0 }, ended: false };
      try {
        const from = parseEventId(request.lastEventId);
        if (from !== undefined) yield* resume(progress, known, from);
        if (progress.position.generation < 0) yield* snapshot(progress, key);
        yield* follow(progress, inbox, key);
        if (sessionEnded) throw new DomainError("session_invalid");
      } finally {
        unwatch();
        unfollow();
        leave();
      }
    },
  };
}
