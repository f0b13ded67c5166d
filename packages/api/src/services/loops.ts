import { forModule } from "../log.ts";
import type { ServiceDeps } from "./deps.ts";
import type { QueueWatches } from "./queue-watch.ts";
import type { RunFeeds } from "./run-feeds.ts";
import type { RunWatches } from "./run-watch.ts";
import type { SessionWatches } from "./session-watch.ts";
import type { Settler } from "./settler.ts";
import { startLoop } from "./timers.ts";
import type { Visits } from "./visits.ts";

/** How often overdue runs are moved on. */
const sweepIntervalMs = 1_000;

/** How late a lost hint can make a waiter. */
const lookIntervalMs = 2_000;

/** How late a lost hint can end a watch whose session has ended. */
const sessionIntervalMs = 4_000;

/** How late the time at which a session was last seen is stored. */
const visitIntervalMs = 5_000;

const pruneIntervalMs = 30_000;

const pruneSessionsIntervalMs = 3_600_000;

/** How long a session that is over is kept, for questions about who was signed in. */
const keepSessionsMs = 30 * 24 * 3_600_000;

/** How long deltas stay after the end, for watchers who are still behind. */
const keepDeltasMs = 60_000;

interface LoopParts {
  settler: Settler;
  runWatches: RunWatches;
  queueWatches: QueueWatches;
  feeds: RunFeeds;
  sessions: SessionWatches;
  visits: Visits;
}

/**
 * Makes the function that starts what happens without a request: settling overdue runs, the slow looks for hints that got
 * lost, storing visits, and pruning. It returns the function that stops all that and waits for the rounds under way.
 */
export function createStartLoops(deps: ServiceDeps, parts: LoopParts): () => () => Promise<void> {
  const { settler, runWatches, queueWatches, feeds, sessions, visits } = parts;
  const { queries } = deps;
  const log = forModule(deps.log, "runs");
  const look = async (): Promise<void> => {
    await Promise.all([runWatches.look(), queueWatches.look(), feeds.look()]);
  };
  return () => {
    const stops = [
      startLoop(settler.settle, { name: "sweep", intervalMs: sweepIntervalMs, log }),
      startLoop(look, { name: "slow look", intervalMs: lookIntervalMs, log }),
      startLoop(sessions.look, { name: "session check", intervalMs: sessionIntervalMs, log }),
      startLoop(visits.flush, { name: "storing of visits", intervalMs: visitIntervalMs, log }),
      startLoop(() => queries.pruneDeltas(keepDeltasMs), { name: "pruning", intervalMs: pruneIntervalMs, log }),
      startLoop(() => queries.pruneSessions(keepSessionsMs), {
        name: "pruning of sessions",
        intervalMs: pruneSessionsIntervalMs,
        log,
      }),
    ];
    return async () => {
      await Promise.all(stops.map((stop) => stop()));
    };
  };
}
