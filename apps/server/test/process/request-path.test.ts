import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import { signInPerson, startServerProcess, testKeys, until, type Person, type ServerProcess } from "@deepbot/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openEvents, textOf } from "../support/event-source.ts";
import { executedFiles, inspected } from "../support/executed-files.ts";

/** As many files as these two paths have. The goal is 15 for each: lower the limits with every file that goes. */
const maxFiles = { question: 36, delta: 41 };

describePostgres("the path of a request through our own files", () => {
  let database: TestPostgres;
  let server: ServerProcess;
  let person: Person;

  beforeAll(async () => {
    database = await createTestPostgres();
    const env = { ...inspected, DATABASE_URL: database.url, LOG_LEVEL: "warn", DIALOGS_PER_USER: "100" };
    server = await startServerProcess(env);
    person = await signInPerson(server.url, "ann");
  });
  afterAll(async () => {
    await server.kill();
    await database.drop();
  });

  const createDialog = async (): Promise<number> => {
    const { body } = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "talk" });
    return body.dialog;
  };
  const start = async (dialog: number): Promise<number> => {
    const { body } = await person.call<{ run_id: number }>("POST", `/dialogs/${dialog}/runs`, { text_user: "hi" });
    return body.run_id;
  };
  const worker = async <T>(path: string, body: object): Promise<T> => {
    const response = await fetch(`${server.url}/worker/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-messages-key": testKeys.messages },
      body: JSON.stringify(body),
    });
    return (await response.json()) as T;
  };

  it(`POST /dialogs/{dialog_id}/runs passes at most ${maxFiles.question} files`, async () => {
    const dialogs: number[] = [];
    for (let index = 0; index < 12; index += 1) dialogs.push(await createDialog());
    const files = await executedFiles(server, () => start(dialogs.pop() ?? 0));
    expect(files.length, files.join("\n")).toBeLessThanOrEqual(maxFiles.question);
  });

  it(`a delta passes at most ${maxFiles.delta} files from its append to the event of a subscriber`, async () => {
    const runId = await start(await createDialog());
    const { runs } = await worker<{ runs: { run_id: number; lease_token: string }[] }>("claim", {
      worker: "w",
      max: 50,
    });
    const lease_token = runs.find(({ run_id }) => run_id === runId)?.lease_token;
    const client = await openEvents(`${server.url}/runs/${runId}/events`, { cookie: person.cookie });
    let seq = 0;
    const append = async (): Promise<void> => {
      seq += 1;
      await worker(`runs/${runId}/append`, { lease_token, seq, text: "x" });
      await until("the delta is there", () => textOf(client.events).length === seq);
    };
    await append();
    const files = await executedFiles(server, append);
    client.close();
    expect(files.length, files.join("\n")).toBeLessThanOrEqual(maxFiles.delta);
  });
});
