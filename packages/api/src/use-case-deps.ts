import type { Statements } from "@deepbot/db";
import type { Events } from "./events/events.ts";
import type { Settings } from "./settings.ts";

/** What use cases work with. */
export interface UseCaseDeps {
  statements: Statements;
  events: Events;
  settings: Settings;
  /** Aborted when the process begins to stop: waits end then. */
  shutdown: AbortSignal;
}
