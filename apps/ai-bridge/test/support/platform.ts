import { randomUUID } from "node:crypto";
import { createClient, type Client } from "@deepbot/client";
import { signInPerson, startServerProcess, testKeys, until, type Person, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase } from "@deepbot/testing/database";
import { beforeAll } from "vitest";

/** A run as its owner sees it. */
export interface SeenRun {
  run_id: number;
  state: string;
  /** Streamed so far, while the run is open. */
  text: string | null;
  attempt: number;
  answer: { content: string } | null;
  error: { code: string; message: string } | null;
}

/** A real server, one for each test file. */
export interface TestPlatform {
  server: () => ServerProcess;
  /** Starts the server again, on the same port and database. */
  restart: () => Promise<void>;
  /** The client of another worker. */
  otherWorker: () => Client;
  /** A new person with a new dialog, with the assistant `deepbot` unless another one is named. */
  newAsker: (assistant?: string) => Promise<Asker>;
}

/** A person who asks in one dialog. */
export interface Asker {
  dialogId: number;
  /** Asks and waits for the answer. */
  ask: (
    question: string,
  ) => Promise<{ status: number; body: { answer_ai?: string; detail?: string; run_id?: number } }>;
  /** Asks without waiting. */
  start: (question: string) => Promise<SeenRun>;
  getRun: (runId: number) => Promise<SeenRun>;
  /** Presses Stop. */
  cancel: (runId: number) => Promise<void>;
  /** Waits for the run to reach a state. */
  reaches: (runId: number, state: string) => Promise<SeenRun>;
  /** Contents of the dialog, oldest first. */
  read: () => Promise<string[]>;
}

async function openDialog(person: Person, assistant: string): Promise<number> {
  const { body } = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "Talk", assistant });
  return body.dialog;
}

async function createAsker(serverUrl: string, assistant: string): Promise<Asker> {
  const person = await signInPerson(serverUrl, `asker-${randomUUID()}`);
  const dialogId = await openDialog(person, assistant);
  const getRun = async (runId: number): Promise<SeenRun> => (await person.call<SeenRun>("GET", `/runs/${runId}`)).body;
  return {
    dialogId,
    getRun,
    ask: (question) => person.call("POST", "/send/message/ai", { dialog_id: dialogId, text_user: question }),
    start: async (question) => {
      const { body } = await person.call<SeenRun>("POST", `/dialogs/${dialogId}/runs`, { text_user: question });
      return body;
    },
    cancel: async (runId) => {
      await person.call("POST", `/runs/${runId}/cancel`);
    },
    reaches: (runId, state) =>
      until(`run ${runId} is ${state}`, async () => {
        const run = await getRun(runId);
        return run.state === state && run;
      }),
    read: async () => {
      const { body } = await person.call<{ dialogs: { content: string }[] }>("GET", `/dialogs/${dialogId}`);
      return body.dialogs.map(({ content }) => content);
    },
  };
}

/** Gives the tests of a file one server. */
export function usePlatform(env: Record<string, string> = {}): TestPlatform {
  let server: ServerProcess;
  let databaseEnv: Record<string, string>;
  beforeAll(async () => {
    const database = await createProcessDatabase();
    databaseEnv = database.env;
    try {
      server = await startServerProcess({ ...databaseEnv, ...env });
    } catch (error) {
      await database.drop();
      throw error;
    }
    return async () => {
      await server.stop();
      await database.drop();
    };
  });
  return {
    server: () => server,
    restart: async () => {
      server = await startServerProcess({ ...databaseEnv, ...env, PORT: String(server.port) });
    },
    otherWorker: () => createClient({ url: server.url, headers: () => ({ "x-messages-key": testKeys.messages }) }),
    newAsker: (assistant = "deepbot") => createAsker(server.url, assistant),
  };
}
