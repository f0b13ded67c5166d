import { fileURLToPath } from "node:url";
import { startChild, until, type Child } from "@deepbot/testing";

const workerMain = fileURLToPath(new URL("worker-main.ts", import.meta.url));

export interface WorkerProcess extends Child {
  /** Resolves with the first line that starts with the word. */
  printed: (word: string) => Promise<string>;
}

export interface WorkerProcessOptions {
  name: string;
  leaseMs: number;
  /** Between two steps of an answer. */
  pauseMs?: number;
  /** By default the environment's. */
  key?: string;
}

/** A worker that can be killed and paused. */
export function startWorkerProcess(url: string, options: WorkerProcessOptions): WorkerProcess {
  const { name, leaseMs, pauseMs = 200, key } = options;
  const child = startChild(process.execPath, {
    args: [workerMain, url, name, String(leaseMs), String(pauseMs), ...(key === undefined ? [] : [key])],
    env: {},
  });
  return {
    ...child,
    printed: (word) =>
      until(
        `worker ${name} prints ${word}`,
        () =>
          child
            .output()
            .split("\n")
            .find((line) => line.startsWith(word)),
        30_000,
      ),
  };
}
