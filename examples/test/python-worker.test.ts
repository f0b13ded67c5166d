import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { signInPerson, startServerProcess, testKeys, type ServerProcess } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { requireCommand } from "./support/commands.ts";
import { askAndWait, createDialog, startWorker, untilPrinted, type WorkerOptions } from "./support/worker.ts";

const sampleAnswer = (messages: number, words: number): unknown => ({
  server: "ok",
  answer_ai: `I am a sample without a model. Messages read: ${messages}. Words in the last one: ${words}.`,
});

const startSample = (options: WorkerOptions) => startWorker("python3", ["examples/python-worker/worker.py"], options);

let database: ProcessDatabase;
let server: ServerProcess;

beforeAll(async () => {
  await requireCommand("python3");
  database = await createProcessDatabase();
  server = await startServerProcess(database.env);
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

// What the package does for the worker is tested in clients/python.
describe("the Python worker", () => {
  it("answers each question from the whole dialog, and exits on SIGTERM", async () => {
    const person = await signInPerson(server.url, "whole-dialog");
    const dialogId = await createDialog(person);
    const worker = startSample({ serverUrl: server.url });

    expect(await askAndWait(person, dialogId, "Уточните сегодняшний курс")).toEqual(sampleAnswer(1, 3));
    expect(await askAndWait(person, dialogId, "and tomorrow")).toEqual(sampleAnswer(3, 2));

    expect(await worker.stop()).toBe(0);
    for (const secret of ["курс", "tomorrow", "sample without", testKeys.messages]) {
      expect(worker.output()).not.toContain(secret);
    }
  });

  it("continues after the server restarts", async () => {
    const ownDatabase = await createProcessDatabase();
    onTestFinished(() => ownDatabase.drop());
    const first = await startServerProcess(ownDatabase.env);
    onTestFinished(() => first.kill());
    const worker = startSample({ serverUrl: first.url });
    const person = await signInPerson(first.url, "restart");
    const dialogId = await createDialog(person);
    await askAndWait(person, dialogId, "before");

    await first.stop();
    await untilPrinted(worker, "the server is unavailable");
    const second = await startServerProcess({ ...ownDatabase.env, PORT: String(first.port) });
    onTestFinished(() => second.kill());

    expect(await askAndWait(person, dialogId, "after")).toEqual(sampleAnswer(3, 1));
    expect(await worker.stop()).toBe(0);
  });

  it("says so when its key is refused, and stops when told", async () => {
    const worker = startSample({ serverUrl: server.url, key: "not-the-key" });
    await untilPrinted(worker, "check the key");
    expect(await worker.stop()).toBe(0);
    expect(worker.output()).not.toContain("not-the-key");
  });
});
