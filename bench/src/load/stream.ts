import { setTimeout as delay } from "node:timers/promises";
import type { Person } from "../database.ts";
import { openConnection, type Connection } from "./connection.ts";
import type { Job, JobResult } from "./jobs.ts";
import { claim, personCall, report } from "./people.ts";

/** Calls back for the text of each delta in a stream, however it is cut into pieces. */
function readDeltas(onDelta: (text: string) => void): (piece: string) => void {
  let pending = "";
  return (piece) => {
    const blocks = (pending + piece).split("\n\n");
    pending = blocks.pop() ?? "";
    for (const block of blocks) {
      const text = /"type":"delta".*"text":"([^"]*)"/.exec(block)?.[1];
      if (text !== undefined) onDelta(text);
    }
  };
}

async function ask(connection: Connection, person: Person): Promise<number> {
  const path = `/dialogs/${person.dialogId}/runs`;
  const reply = await connection.call(personCall(person, { method: "POST", path, body: `{"text_user":"stream"}` }));
  if (reply.status !== 202) throw new Error(`A question was refused with ${reply.status}: ${reply.body}`);
  return (JSON.parse(reply.body) as { run_id: number }).run_id;
}

/** Everybody watches an answer that one worker each makes, so many pieces a second. A piece is the time it was sent. */
export async function streamAnswers(job: Extract<Job, { kind: "stream" }>): Promise<Partial<JobResult>> {
  const { port, people, deltasPerSecond, ms } = job;
  const latenciesMs: number[] = [];
  let failures = 0;
  let sent = 0;
  const end = performance.now() + ms;
  const onDelta = (text: string): void => void latenciesMs.push(performance.now() - Number(text));

  const watch = async (person: Person): Promise<Connection> => {
    const connection = await openConnection(port);
    const runId = await ask(connection, person);
    const call = personCall(person, { method: "GET", path: `/runs/${runId}/events` });
    connection.stream(call, readDeltas(onDelta));
    return connection;
  };
  const speak = async (): Promise<void> => {
    const connection = await openConnection(port);
    const run = await claim(connection);
    if (run === undefined) throw new Error("There is no run to stream.");
    // Workers do not speak in step.
    await delay(Math.random() * (1000 / deltasPerSecond));
    for (let seq = 1; performance.now() < end; seq += 1) {
      const next = delay(1000 / deltasPerSecond);
      const status = await report(connection, run, { verb: "append", body: { seq, text: String(performance.now()) } });
      if (status === 200) sent += 1;
      else failures += 1;
      await next;
    }
    await report(connection, run, { verb: "complete", body: { text: "done" } });
    connection.close();
  };
  const watchers: Connection[] = [];
  for (const person of people) watchers.push(await watch(person));
  await Promise.all(people.map(speak));
  for (const connection of watchers) connection.close();
  return { count: sent, latenciesMs, failures };
}
