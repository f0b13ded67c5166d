import { openConnection, type Call } from "./connection.ts";
import type { Job, JobResult } from "./jobs.ts";

/** Every call on a connection of its own, again and again. */
export async function repeatCalls({ port, calls, ms }: Extract<Job, { kind: "calls" }>): Promise<Partial<JobResult>> {
  const latenciesMs: number[] = [];
  let failures = 0;
  const end = performance.now() + ms;
  const repeat = async (call: Call): Promise<void> => {
    const connection = await openConnection(port);
    while (performance.now() < end) {
      const startedAt = performance.now();
      const reply = await connection.call(call);
      if (reply.status !== 200) failures += 1;
      latenciesMs.push(performance.now() - startedAt);
    }
    connection.close();
  };
  await Promise.all(calls.map(repeat));
  return { count: latenciesMs.length, latenciesMs, failures };
}
