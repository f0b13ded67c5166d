import type { Hints, Queries } from "@deepbot/db";
import type { Settings } from "../domain/limits.ts";
import type { Log } from "../log.ts";

/** What every use case works with. */
export interface ServiceDeps {
  queries: Queries;
  hints: Hints;
  settings: Settings;
  log: Log;
  /** Aborted when the process begins to stop: waits end then. */
  shutdown: AbortSignal;
}
