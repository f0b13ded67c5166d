import { createDeltas } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import { forModule } from "../log.ts";
import { createAccountService } from "./account.ts";
import { createAuthService, type AuthDeps } from "./auth.ts";
import { createClientConfig } from "./client-config.ts";
import { createDialogService } from "./dialogs.ts";
import { createMessageService } from "./messages.ts";
import { createQueueWatches } from "./queue-watch.ts";
import { createRunFeeds } from "./run-feeds.ts";
import { createRunWatches } from "./run-watch.ts";
import { createRunService } from "./runs.ts";
import { createSeats } from "./seats.ts";
import { createSessionWatches } from "./session-watch.ts";
import { createSessionService } from "./sessions.ts";
import { createSettler } from "./settler.ts";
import { startLoop } from "./timers.ts";
import { createVisits } from "./visits.ts";
import { createWatchService } from "./watch-run.ts";
import { createWorkerService } from "./worker.ts";

/** How often overdue runs are moved on. */
const sweepIntervalMs = 1_000;

/** How late a lost hint can make a waiter. */
const lookIntervalMs = 2_000;

/** How late a lost hint can end a watch whose session has ended. */
const sessionIntervalMs = 4_000;

/** How late the time at which a session was last seen is stored. */
const visitIntervalMs = 10_000;

const pruneIntervalMs = 30_000;

/** How long deltas stay after the end, for watchers who are still behind. */
const keepDeltasMs = 60_000;

/** Builds the use cases over one database. */
export function createServices(deps: AuthDeps & { googleClientId: string | null; ping: () => Promise<void> }) {
  const inModule = (module: string) => ({ ...deps, log: forModule(deps.log, module) });
  const settler = createSettler(inModule("runs"));
  const runWatches = createRunWatches(deps);
  const queueWatches = createQueueWatches(deps);
  const deltas = createDeltas(deps);
  const feeds = createRunFeeds({ ...deps, deltas });
  const sessions = createSessionWatches(deps);
  const visits = createVisits(deps);
  const { watchesPerUser, watchesInAll } = deps.settings;
  const runs = createRunService(inModule("runs"), { settler, watches: runWatches });

  return {
    auth: createAuthService(inModule("auth"), visits),
    sessions: createSessionService(inModule("auth")),
    account: createAccountService(inModule("account")),
    clientConfig: createClientConfig(deps),
    dialogs: createDialogService(inModule("dialogs"), settler),
    messages: createMessageService(inModule("messages")),
    runs,
    watches: createWatchService({
      find: runs.find,
      deltas,
      feeds,
      sessions,
      seats: createSeats({ perUser: watchesPerUser, total: watchesInAll, refusal: "too_many_watches" }),
    }),
    worker: createWorkerService(inModule("worker"), { watches: queueWatches, settler, deltas }),

    /** @throws {DomainError} `database_unavailable` when the database does not answer */
    checkHealth: async (): Promise<void> => {
      await deps.ping().catch(() => {
        throw new DomainError("database_unavailable");
      });
    },

    /**
     * Starts what happens without a request: settling overdue runs, the slow looks for hints that got lost, and pruning.
     *
     * @returns the function that stops it and waits for the rounds under way
     */
    startLoops: (): (() => Promise<void>) => {
      const log = forModule(deps.log, "runs");
      const stops = [
        startLoop(settler.settle, { name: "sweep", intervalMs: sweepIntervalMs, log }),
        startLoop(
          async () => {
            await Promise.all([runWatches.look(), queueWatches.look(), feeds.look()]);
          },
          { name: "slow look", intervalMs: lookIntervalMs, log },
        ),
        startLoop(visits.flush, { name: "visits", intervalMs: visitIntervalMs, log }),
        startLoop(sessions.look, { name: "session check", intervalMs: sessionIntervalMs, log }),
        startLoop(() => deps.queries.pruneDeltas(keepDeltasMs), { name: "pruning", intervalMs: pruneIntervalMs, log }),
      ];
      return async () => {
        await Promise.all(stops.map((stop) => stop()));
      };
    },
  };
}

export type Services = ReturnType<typeof createServices>;
