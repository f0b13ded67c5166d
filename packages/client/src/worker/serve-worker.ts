import { answerRun } from "./answer-run.ts";
import { createClaim } from "./claim.ts";
import type { WorkerOptions } from "./types.ts";

/** A signal that aborts `graceMs` after another one has. */
function delayed(signal: AbortSignal, graceMs: number): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = (): void => {
    timer = setTimeout(() => controller.abort(), graceMs);
  };
  signal.addEventListener("abort", start, { once: true });
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

/**
 * Claims and answers runs, several at once, until `stop` aborts. Then it claims no more, lets the runs under way finish
 * within the grace period, releases the others and returns.
 */
export async function serveWorker(options: WorkerOptions, stop: AbortSignal): Promise<void> {
  const claim = createClaim(options);
  const stopping = delayed(stop, options.stopGraceMs);
  const running = new Set<Promise<void>>();

  while (!stop.aborted) {
    if (running.size >= options.concurrency) {
      await Promise.race(running);
      continue;
    }
    for (const run of await claim(options.concurrency - running.size, stop)) {
      const work = answerRun(run, { ...options, stopping: stopping.signal });
      running.add(work);
      void work.finally(() => running.delete(work));
    }
  }
  await Promise.all(running);
  stopping.clear();
}
