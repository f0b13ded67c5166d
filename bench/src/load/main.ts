import { answer } from "./answer.ts";
import { repeatCalls } from "./calls.ts";
import type { Job, JobResult } from "./jobs.ts";
import { streamAnswers } from "./stream.ts";
import { startWaiting } from "./wait.ts";

/** The process that makes the load, so that what it costs is not counted as anybody else's. */
let release: (() => void) | undefined;

async function perform(job: Job): Promise<Partial<JobResult>> {
  switch (job.kind) {
    case "answer":
      return answer(job);
    case "calls":
      return repeatCalls(job);
    case "stream":
      return streamAnswers(job);
    case "wait":
      release = await startWaiting(job);
      return { count: job.people.length };
  }
}

async function measure(job: Job): Promise<JobResult> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const result = await perform(job);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const clientCpu = (user + system) / 1000 / ms;
  return { count: 0, latenciesMs: [], handoverMs: [], failures: 0, ...result, ms, clientCpu };
}

process.on("message", (message: Job | "release") => {
  if (message === "release") {
    release?.();
    process.send?.({});
    return;
  }
  void measure(message).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(1));
