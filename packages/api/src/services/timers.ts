import type { Log } from "../log.ts";

/** Starts a job at once and again `intervalMs` after each end; a failure is logged and tried again. */
export function startLoop(
  job: () => Promise<void>,
  options: { name: string; intervalMs: number; log: Log },
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  const round = async (): Promise<void> => {
    try {
      await job();
    } catch (error) {
      const reason = error instanceof Error ? error.name : "unknown";
      options.log.error(
        { event: "loop_failed", loop: options.name, reason },
        `The ${options.name} failed; it will be tried again`,
      );
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
