import { setTimeout as delay } from "node:timers/promises";
import type { Person } from "../database.ts";
import { openConnection, type Connection } from "./connection.ts";
import type { Job, JobResult } from "./jobs.ts";
import { claim, personCall, report, type Claimed } from "./people.ts";

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

/** Runs that have begun, each with somebody who watches and a worker who is about to answer. */
export interface Streams {
  /** Every worker says so many pieces a second. A piece is the time it was sent. */
  speak: (job: Extract<Job, { kind: "speak" }>) => Promise<Partial<JobResult>>;
  /** Answers the runs. */
  end: () => Promise<void>;
}

async function takeRun(connection: Connection): Promise<Claimed> {
  const run = await claim(connection);
  if (run === undefined) throw new Error("There is no run to stream.");
  return run;
}

export async function openStreams({ port, people }: Extract<Job, { kind: "watch" }>): Promise<Streams> {
  const latenciesMs: number[] = [];
  const onDelta = (text: string): void => void latenciesMs.push(performance.now() - Number(text));
  const watchers: Connection[] = [];
  const workers: { connection: Connection; run: Claimed }[] = [];
  for (const person of people) {
    const watcher = await openConnection(port);
    watchers.push(watcher);
    const runId = await ask(watcher, person);
    watcher.stream(personCall(person, { method: "GET", path: `/runs/${runId}/events` }), readDeltas(onDelta));
    const connection = await openConnection(port);
    workers.push({ connection, run: await takeRun(connection) });
  }
  return {
    speak: async ({ deltasPerSecond, ms }) => {
      const end = performance.now() + ms;
      const statuses = workers.map(async ({ connection, run }) => {
        const told: number[] = [];
        // Workers do not speak in step.
        await delay(Math.random() * (1000 / deltasPerSecond));
        for (let seq = 1; performance.now() < end; seq += 1) {
          const next = delay(1000 / deltasPerSecond);
          told.push(await report(connection, run, { verb: "append", body: { seq, text: String(performance.now()) } }));
          await next;
        }
        return told;
      });
      const all = (await Promise.all(statuses)).flat();
      const count = all.filter((status) => status === 200).length;
      return { count, latenciesMs, failures: all.length - count };
    },
    end: async () => {
      const complete = { verb: "complete", body: { text: "done" } };
      const statuses = await Promise.all(workers.map(({ connection, run }) => report(connection, run, complete)));
      if (statuses.some((status) => status !== 200)) throw new Error("An answer was refused.");
      for (const watcher of watchers) watcher.close();
      for (const { connection } of workers) connection.close();
    },
  };
}
