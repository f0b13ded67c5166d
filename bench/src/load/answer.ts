import type { Person } from "../database.ts";
import { openConnection } from "./connection.ts";
import type { Job, JobResult } from "./jobs.ts";
import { personCall, report, startWorkers } from "./people.ts";

type Measured = Pick<JobResult, "count" | "latenciesMs" | "handoverMs" | "failures">;

/** People who ask and wait in a loop; workers who answer at once. The last person to be answered ends it. */
export async function answer({ ports, people, workers, ms }: Extract<Job, { kind: "answer" }>): Promise<Measured> {
  const measured: Measured = { count: 0, latenciesMs: [], handoverMs: [], failures: 0 };
  const reportedAt = new Map<number, number>();
  const end = performance.now() + ms;

  const stopWorkers = await startWorkers(ports.toReversed(), workers, async (connection, run) => {
    reportedAt.set(run.dialog_id, performance.now());
    const text = `answer to ${run.messages.at(-1)?.content}`;
    if ((await report(connection, run, { verb: "complete", body: { text } })) !== 200) measured.failures += 1;
  });
  const live = async (person: Person, index: number): Promise<void> => {
    const connection = await openConnection(ports[index % ports.length] ?? 0);
    for (let round = 0; performance.now() < end; round += 1) {
      const body = JSON.stringify({ dialog_id: person.dialogId, text_user: `question ${round}` });
      const startedAt = performance.now();
      const reply = await connection.call(personCall(person, { method: "POST", path: "/send/message/ai", body }));
      const now = performance.now();
      if (reply.status !== 200 || !reply.body.includes(`"answer to question ${round}"`)) measured.failures += 1;
      measured.latenciesMs.push(now - startedAt);
      measured.handoverMs.push(now - (reportedAt.get(person.dialogId) ?? Number.NaN));
      if (now < end) measured.count += 1;
    }
    connection.close();
  };
  await Promise.all(people.map(live));
  stopWorkers();
  return measured;
}
