import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { signInPerson, startServerProcess, testKeys, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Outcome } from "./consumers/consumer.ts";
import { compileConsumers, generateClients } from "./support/generate.ts";

const run = promisify(execFile);

let database: ProcessDatabase;
let server: ServerProcess;

beforeAll(async () => {
  database = await createProcessDatabase();
  server = await startServerProcess(database.env);
  await generateClients(server.url);
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

test("what hey-api, orval and openapi-typescript generate compiles under strict rules", async () => {
  expect(await compileConsumers()).toBe("");
});

test.each(["hey-api", "orval", "openapi-fetch"])(
  "a program on the client of %s asks, answers, streams and knows the errors",
  async (name) => {
    const program = fileURLToPath(new URL(`../.generated/dist/test/consumers/${name}.js`, import.meta.url));
    const { cookie } = await signInPerson(server.url, name);
    const { stdout } = await run(process.execPath, [program, server.url, cookie, testKeys.messages]);
    const outcome = JSON.parse(stdout) as Outcome;
    expect(outcome).toMatchObject({ streamed: "Hi there", answer: "Hi there", state: "completed" });
    expect([outcome.events[0], outcome.events.at(-1)]).toEqual(["snapshot", "end"]);
    expect(outcome.openRunId).toBe(outcome.runId);
  },
);
