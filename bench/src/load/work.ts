import { openConnection, type Connection } from "./connection.ts";
import type { Job, JobResult } from "./jobs.ts";
import { claim, personCall, report, type Claimed } from "./people.ts";

type Work = Extract<Job, { kind: "work" }>;

async function claimNow(connection: Connection): Promise<Claimed> {
  const run = await claim(connection);
  if (run === undefined) throw new Error("There was nothing to claim.");
  return run;
}

/** Claims a run and gives it back, again and again. */
async function claimAgain(connection: Connection, end: number): Promise<number> {
  let count = 0;
  for (; performance.now() < end; count += 1) {
    const run = await claimNow(connection);
    if ((await report(connection, run, { verb: "release", body: {} })) !== 200) throw new Error("A release failed.");
  }
  return count;
}

/** Holds one run and appends to it. */
async function appendAgain(connection: Connection, end: number): Promise<number> {
  const run = await claimNow(connection);
  let count = 0;
  for (; performance.now() < end; count += 1) {
    const status = await report(connection, run, { verb: "append", body: { seq: count + 1, text: "word " } });
    if (status !== 200) throw new Error(`An append was refused with ${status}.`);
  }
  await report(connection, run, { verb: "release", body: {} });
  return count;
}

/** Workers, each on a connection of its own, do one thing in a loop. For each there is a question that stays open. */
export async function work({ port, people, what, ms }: Work): Promise<Pick<JobResult, "count">> {
  const connections = await Promise.all(people.map(() => openConnection(port)));
  const ask = async (connection: Connection, index: number): Promise<void> => {
    const person = people[index];
    if (person === undefined) return;
    const body = `{"text_user":"a question"}`;
    await connection.call(personCall(person, { method: "POST", path: `/dialogs/${person.dialogId}/runs`, body }));
  };
  // Those whose question is open from the time before get 409.
  await Promise.all(connections.map(ask));
  const end = performance.now() + ms;
  const repeat = what === "claim" ? claimAgain : appendAgain;
  const counts = await Promise.all(connections.map((connection) => repeat(connection, end)));
  for (const connection of connections) connection.close();
  return { count: counts.reduce((sum, count) => sum + count, 0) };
}
