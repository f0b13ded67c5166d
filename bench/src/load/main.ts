import { answer } from "./answer.ts";
import { repeatCalls } from "./calls.ts";
import type { Job, JobResult } from "./jobs.ts";
import { openStreams, type Streams } from "./stream.ts";
import { startPolling, startWaiting } from "./wait.ts";
import { work } from "./work.ts";

/** Who waits or watches from one job to the next. */
interface Held extends Partial<Pick<Streams, "speak">> {
  end: () => void | Promise<void>;
}

/** The process that makes the load, so that what it costs is not counted as anybody else's. */
let held: Held | undefined;

async function perform(job: Job): Promise<Partial<JobResult>> {
  switch (job.kind) {
    case "answer":
      return answer(job);
    case "calls":
      return repeatCalls(job);
    case "work":
      return work(job);
    case "poll":
      held = { end: await startPolling(job) };
      return { count: job.count };
    case "wait":
      held = { end: await startWaiting(job) };
      return { count: job.people.length };
    case "watch":
      held = await openStreams(job);
      return { count: job.people.length };
    case "speak":
      if (held?.speak === undefined) throw new Error("Nobody watches.");
      return held.speak(job);
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
  await held?.end();
  held = undefined;
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
