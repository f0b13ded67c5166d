import { answer } from "./answer.ts";
import { repeatCalls } from "./calls.ts";
import type { Job, JobResult } from "./jobs.ts";
import { openStreams, type Streams } from "./stream.ts";
import { startWaiting } from "./wait.ts";

/** The process that makes the load, so that what it costs is not counted as anybody else's. */
let release: (() => void | Promise<void>) | undefined;
let streams: Streams | undefined;

async function perform(job: Job): Promise<Partial<JobResult>> {
  switch (job.kind) {
    case "answer":
      return answer(job);
    case "calls":
      return repeatCalls(job);
    case "wait":
      release = await startWaiting(job);
      return { count: job.people.length };
    case "watch":
      streams = await openStreams(job);
      release = streams.end;
      return { count: job.people.length };
    case "speak":
      if (streams === undefined) throw new Error("Nobody watches.");
      return streams.speak(job);
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

async function letGo(): Promise<object> {
  await release?.();
  return {};
}

process.on("message", (message: Job | "release") => {
  const done = message === "release" ? letGo() : measure(message);
  void done.then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(1));
