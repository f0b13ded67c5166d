import { signInPerson, startServerProcess, testKeys, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Consumer } from "../consumers/consumer.ts";
import { compileConsumers, generateClients } from "./support/generate.ts";

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
    const program = new URL(`../.generated/dist/consumers/${name}.js`, import.meta.url).href;
    const { consume } = (await import(/* @vite-ignore */ program)) as { consume: Consumer };
    const { cookie } = await signInPerson(server.url, name);
    const outcome = await consume({ url: server.url, cookie, key: testKeys.messages });
    expect(outcome).toMatchObject({ streamed: "Hi there", answer: "Hi there", state: "completed" });
    expect([outcome.events[0], outcome.events.at(-1)]).toEqual(["snapshot", "end"]);
    expect(outcome.openRunId).toBe(outcome.runId);
  },
);
