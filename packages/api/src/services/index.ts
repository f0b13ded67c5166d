import { createDeltas } from "@deepbot/db";
import { DomainError } from "../domain/errors.ts";
import { limits } from "../domain/limits.ts";
import { forModule } from "../log.ts";
import { createAccountService } from "./account.ts";
import { createAuthService, type AuthDeps } from "./auth.ts";
import { createClientConfig } from "./client-config.ts";
import { createDialogService } from "./dialogs.ts";
import { createStartLoops } from "./loops.ts";
import { createMessageService } from "./messages.ts";
import { createQueueWatches } from "./queue-watch.ts";
import { createRunFeeds } from "./run-feeds.ts";
import { createRunWatches } from "./run-watch.ts";
import { createRunService } from "./runs.ts";
import { createSeats } from "./seats.ts";
import { createSessionWatches } from "./session-watch.ts";
import { createSessionService } from "./sessions.ts";
import { createSettler } from "./settler.ts";
import { createVisits } from "./visits.ts";
import { createWatchService } from "./watch-run.ts";
import { createWorkerService } from "./worker.ts";

/** Builds the use cases over one database. */
export function createServices(deps: AuthDeps & { googleClientId: string | null; ping: () => Promise<void> }) {
  const inModule = (module: string) => ({ ...deps, log: forModule(deps.log, module) });
  const settler = createSettler(inModule("runs"));
  const runWatches = createRunWatches(deps);
  const queueWatches = createQueueWatches(deps);
  const feeds = createRunFeeds(deps);
  const deltas = createDeltas({ ...deps, maxBytes: limits.answerMaxBytes, handOver: feeds.handOver });
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
    messages: createMessageService(inModule("messages"), runWatches),
    runs,
    watches: createWatchService({
      find: runs.find,
      queries: deps.queries,
      feeds,
      sessions,
      seats: createSeats({ perUser: watchesPerUser, total: watchesInAll, refusal: "too_many_watches" }),
    }),
    worker: createWorkerService(inModule("worker"), { queueWatches, runWatches, settler, deltas }),

    /** @throws {DomainError} `database_unavailable` when the database does not answer */
    checkHealth: async (): Promise<void> => {
      await deps.ping().catch(() => {
        throw new DomainError("database_unavailable");
      });
    },

    countOpenRuns: deps.queries.countOpenRuns,

    startLoops: createStartLoops(deps, { settler, runWatches, queueWatches, feeds, sessions, visits }),
  };
}

export type Services = ReturnType<typeof createServices>;
