import { databaseErrorCode } from "@deepbot/db";
import type { Events } from "../events/events.ts";

/**
 * Runs a job at once and again `intervalMs` after each end. A failure becomes an event, and the job is tried again.
 *
 * @returns the function that stops the loop and waits for a round in progress
 */
export function startLoop(
  job: () => Promise<void>,
  options: { name: string; intervalMs: number; events: Pick<Events, "emit"> },
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  const round = async (): Promise<void> => {
    try {
      await job();
    } catch (error) {
      const reason = databaseErrorCode(error) ?? (error instanceof Error ? error.name : "unknown");
      options.events.emit({ kind: "loop_failed", loop: options.name, reason });
    }
    if (!stopped) timer = setTimeout(start, options.intervalMs);
  };
  const start = (): void => {
    running = round();
  };

  start();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
