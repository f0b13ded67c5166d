import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Job, JobResult } from "./jobs.ts";

/** The load process, seen from the bench. */
export interface LoadClient {
  run: (job: Job) => Promise<JobResult>;
  /** Lets go of who waits or watches. */
  release: () => Promise<void>;
  stop: () => void;
}

/** Longer than any job: what takes longer hangs. */
const patienceMs = 180_000;

export function startLoadClient(): LoadClient {
  const child = fork(fileURLToPath(new URL("main.ts", import.meta.url)), { serialization: "advanced" });
  const ask = async (message: Job | "release"): Promise<JobResult & { error?: string }> => {
    const told = once(child, "message");
    child.send(message);
    const late = delay(patienceMs, [{ error: "it does not end" }], { ref: false });
    const [result] = (await Promise.race([told, late])) as [JobResult & { error?: string }];
    if (result.error !== undefined) throw new Error(`The load failed: ${result.error}`);
    return result;
  };
  return {
    run: ask,
    release: async () => {
      await ask("release");
    },
    stop: () => void child.kill(),
  };
}
