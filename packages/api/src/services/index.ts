import { DomainError } from "../domain/errors.ts";
import { forModule } from "../log.ts";
import { createAuthService, type AuthDeps } from "./auth.ts";
import { createDialogService } from "./dialogs.ts";
import { createMessageService } from "./messages.ts";
import { createQueueWatches } from "./queue-watch.ts";
import { createRunWatches } from "./run-watch.ts";
import { createRunService } from "./runs.ts";
import { createSettler } from "./settler.ts";
import { startLoop } from "./timers.ts";
import { createWorkerService } from "./worker.ts";

/** How often overdue runs are moved on, and how late a lost hint can make a waiter. */
const sweepIntervalMs = 1_000;

/** Builds the use cases over one database. */
export function createServices(deps: AuthDeps & { ping: () => Promise<void> }) {
  const inModule = (module: string) => ({ ...deps, log: forModule(deps.log, module) });
  const settler = createSettler(inModule("runs"));
  const runWatches = createRunWatches(deps);
  const queueWatches = createQueueWatches(deps);

  return {
    auth: createAuthService(inModule("auth")),
    dialogs: createDialogService(inModule("dialogs"), settler),
    messages: createMessageService(inModule("messages")),
    runs: createRunService(inModule("runs"), { settler, watches: runWatches }),
    worker: createWorkerService(inModule("worker"), queueWatches),

    /** @throws {DomainError} `database_unavailable` when the database does not answer */
    checkHealth: async (): Promise<void> => {
      await deps.ping().catch(() => {
        throw new DomainError("database_unavailable");
      });
    },

    /**
     * Starts what happens without a request: settling overdue runs, and the slow look for hints that got lost.
     *
     * @returns the function that stops it and waits for the round under way
     */
    startLoops: (): (() => Promise<void>) =>
      startLoop(
        async () => {
          await settler.settle();
          await Promise.all([runWatches.look(), queueWatches.look()]);
        },
        { name: "sweep", intervalMs: sweepIntervalMs, log: forModule(deps.log, "runs") },
      ),
  };
}

export type Services = ReturnType<typeof createServices>;
