import { testKeys } from "@deepbot/testing";
import type { Person } from "../database.ts";
import { openConnection, type Call, type Connection } from "./connection.ts";

const workerHeaders = `X-Messages-Key: ${testKeys.messages}\r\n`;

export function personCall({ cookie }: Person, call: Omit<Call, "headers">): Call {
  return { ...call, headers: `Cookie: ${cookie}\r\n` };
}

export function workerCall(call: Omit<Call, "headers">): Call {
  return { ...call, headers: workerHeaders };
}

export interface Claimed {
  run_id: number;
  dialog_id: number;
  lease_token: string;
  messages: { content: string }[];
}

/** Takes one run, waiting for it. Undefined when none came. */
export async function claim(connection: Connection, worker = "bench"): Promise<Claimed | undefined> {
  const body = `{"worker":"${worker}","max":1,"wait_ms":20000}`;
  const reply = await connection.call(workerCall({ method: "POST", path: "/worker/claim", body }));
  if (reply.status !== 200) throw new Error(`A claim was refused with ${reply.status}: ${reply.body}`);
  return (JSON.parse(reply.body) as { runs: Claimed[] }).runs[0];
}

/** Reports on a run; gives the status of the answer. */
export async function report(
  connection: Connection,
  run: Claimed,
  call: { verb: string; body: object },
): Promise<number> {
  const path = `/worker/runs/${run.run_id}/${call.verb}`;
  const body = JSON.stringify({ lease_token: run.lease_token, ...call.body });
  return (await connection.call(workerCall({ method: "POST", path, body }))).status;
}

/** Workers, each on a connection of its own. Runs that they hold when they are stopped go back by themselves. */
export async function startWorkers(
  ports: readonly number[],
  count: number,
  answer: (connection: Connection, run: Claimed) => Promise<void>,
): Promise<() => void> {
  const stopping = new AbortController();
  const connections = await Promise.all(
    Array.from({ length: count }, (_, index) => openConnection(ports[index % ports.length] ?? 0)),
  );
  const work = async (connection: Connection): Promise<void> => {
    while (!stopping.signal.aborted) {
      const run = await claim(connection);
      if (run !== undefined) await answer(connection, run);
    }
  };
  // A claim that waits ends with its connection.
  for (const connection of connections) void work(connection).catch(() => {});
  return () => {
    stopping.abort();
    for (const connection of connections) connection.close();
  };
}
