import { openConnection, type Connection } from "./connection.ts";
import type { Job } from "./jobs.ts";
import { claim, personCall } from "./people.ts";

const openAtOnce = 100;

/** People who have asked and wait. They wait until they are released. */
export async function startWaiting({ port, people }: Extract<Job, { kind: "wait" }>): Promise<() => void> {
  const connections: Connection[] = [];
  for (let from = 0; from < people.length; from += openAtOnce) {
    const group = people.slice(from, from + openAtOnce);
    await Promise.all(
      group.map(async (person) => {
        const connection = await openConnection(port);
        connections.push(connection);
        const body = JSON.stringify({ dialog_id: person.dialogId, text_user: "a question" });
        // Nobody answers it: the release ends it.
        connection.call(personCall(person, { method: "POST", path: "/send/message/ai", body })).catch(() => {});
      }),
    );
  }
  return () => connections.forEach((connection) => connection.close());
}

async function poll(connection: Connection, worker: string): Promise<void> {
  for (;;) await claim(connection, worker);
}

/** Workers that wait for a question, and wait again, until they are released. */
export async function startPolling({ port, count }: Extract<Job, { kind: "poll" }>): Promise<() => void> {
  const connections: Connection[] = [];
  for (let from = 0; from < count; from += openAtOnce) {
    const group = Array.from({ length: Math.min(openAtOnce, count - from) }, () => openConnection(port));
    connections.push(...(await Promise.all(group)));
  }
  // The release ends a poll.
  for (const [index, connection] of connections.entries()) poll(connection, `bench-${index}`).catch(() => {});
  return () => connections.forEach((connection) => connection.close());
}
