import { fileURLToPath } from "node:url";
import { startChild, until, type Child } from "@deepbot/testing";

const workerMain = fileURLToPath(new URL("worker-main.ts", import.meta.url));

export interface WorkerProcess extends Child {
  /** Resolves with the first line that starts with the word. */
  printed: (word: string) => Promise<string>;
}

/** A worker that can be killed and paused. */
export function startWorkerProcess(url: string, name: string, leaseMs: number): WorkerProcess {
  const child = startChild(process.execPath, { args: [workerMain, url, name, String(leaseMs)], env: {} });
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
