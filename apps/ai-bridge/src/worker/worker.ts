import type { Answerer } from "../answerers/answerer.ts";
import type { WorkerConfig } from "../config.ts";
import type { Log } from "@deepbot/runtime";
import type { Platform } from "../platform/client.ts";
import { answerRun } from "./answer-run.ts";
import { createClaimer } from "./claimer.ts";

export interface WorkerDeps {
  platform: Platform;
  answerer: Answerer;
  worker: WorkerConfig;
  log: Log;
}

/** A signal that aborts `graceMs` after another one has. */
function delayed(signal: AbortSignal, graceMs: number): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => controller.abort(), graceMs);
  };
  signal.addEventListener("abort", start, { once: true });
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

/**
 * Claims and answers runs, several at once, until `stop` aborts. Then claims no more, gives the work under way a grace to
 * end, gives back what is still unfinished, and returns.
 */
export async function runWorker({ worker, ...deps }: WorkerDeps, stop: AbortSignal): Promise<void> {
  const claim = createClaimer({ ...deps, worker });
  const stopping = delayed(stop, worker.stopGraceMs);
  const running = new Set<Promise<void>>();

  while (!stop.aborted) {
    if (running.size >= worker.concurrency) {
      await Promise.race(running);
      continue;
    }
    for (const run of await claim(worker.concurrency - running.size, stop)) {
      const work = answerRun(run, { ...deps, leaseMs: worker.leaseMs, stopping: stopping.signal });
      running.add(work);
      void work.finally(() => running.delete(work));
    }
  }
  await Promise.all(running);
  stopping.clear();
}
