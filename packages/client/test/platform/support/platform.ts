import { randomUUID } from "node:crypto";
import { startServerProcess, until, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase } from "@deepbot/testing/database";
import { beforeAll } from "vitest";
import type { Client, WireRun } from "../../../src/index.ts";
import { createNodeClient } from "../../../src/node/index.ts";

/** Gives the tests of a file one server. */
export function usePlatform(env: Record<string, string> = {}): () => ServerProcess {
  let server: ServerProcess;
  beforeAll(async () => {
    const database = await createProcessDatabase();
    server = await startServerProcess({ ...database.env, ...env }).catch(async (error: unknown) => {
      await database.drop();
      throw error;
    });
    return async () => {
      await server.stop();
      await database.drop();
    };
  });
  return () => server;
}

/** A signed-in person with a dialog. */
export interface Asker {
  client: Client;
  dialogId: number;
  ask: (text: string) => Promise<WireRun>;
  /** Waits for the run to reach a state. */
  reaches: (run: WireRun, state: WireRun["state"]) => Promise<WireRun>;
}

/** An ID token of the development sign-in. */
export async function mintToken(url: string): Promise<string> {
  const sub = randomUUID();
  const response = await fetch(`${url}/dev/google-token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sub, email: `${sub}@example.com`, given_name: "Ann" }),
  });
  return ((await response.json()) as { token: string }).token;
}

export async function newAsker({ url }: ServerProcess): Promise<Asker> {
  const client = createNodeClient({ url });
  await client.auth.signIn.mutate({ token: await mintToken(url) });
  const { dialog: dialogId } = await client.dialogs.create.mutate({ dialog_name: "Talk" });
  return {
    client,
    dialogId,
    ask: (text) => client.runs.start.mutate({ dialog_id: dialogId, text_user: text }),
    reaches: ({ run_id }, state) =>
      until(`run ${run_id} is ${state}`, async () => {
        const run = await client.runs.get.query({ run_id });
        return run.state === state && run;
      }),
  };
}
