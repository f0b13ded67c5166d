import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { signInPerson, startServerProcess, testKeys, until, type Person, type ServerProcess } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { requireCommand } from "./support/commands.ts";
import {
  ask,
  askAndWait,
  createDialog,
  createGate,
  readRun,
  startWorker,
  untilRun,
  untilPrinted,
  type Run,
} from "./support/worker.ts";

const sampleAnswer = (messages: number, words: number): string =>
  `I am a sample without a model. Messages read: ${messages}. Words in the last one: ${words}.`;

let database: ProcessDatabase;
let server: ServerProcess;

beforeAll(async () => {
  await requireCommand("python3");
  database = await createProcessDatabase();
  server = await startServerProcess({
    ...database.env,
    DIALOGS_PER_USER: "10",
    RETRY_BACKOFF_MS: "0",
    // So long that a stopped run ends only when its worker releases it.
    CANCEL_GRACE_MS: "600000",
  });
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

// The original operations show the user's messages only, claims show both sides.
const modes = [
  { mode: "original", readAtSecondQuestion: 2 },
  { mode: "runs", readAtSecondQuestion: 3 },
] as const;

describe.each(modes)("the Python worker, $mode", ({ mode, readAtSecondQuestion }) => {
  it("answers each question from the whole dialog, and exits on SIGTERM", async () => {
    const person = await signInPerson(server.url, `whole-dialog-${mode}`);
    const dialogId = await createDialog(person);
    const worker = startWorker({ serverUrl: server.url, mode });

    expect(await askAndWait(person, dialogId, "Уточните сегодняшний курс")).toEqual({
      server: "ok",
      answer_ai: sampleAnswer(1, 3),
    });
    expect(await askAndWait(person, dialogId, "and tomorrow")).toEqual({
      server: "ok",
      answer_ai: sampleAnswer(readAtSecondQuestion, 2),
    });

    expect(await worker.stop()).toBe(0);
    const { body } = await person.call<{ dialogs: { role: string }[] }>("GET", `/dialogs/${dialogId}`);
    expect(body.dialogs.map(({ role }) => role)).toEqual(["user", "bot", "user", "bot"]);
    for (const secret of ["курс", "tomorrow", "sample without", testKeys.messages]) {
      expect(worker.output()).not.toContain(secret);
    }
  });

  it("continues after the server restarts", async () => {
    const ownDatabase = await createProcessDatabase();
    onTestFinished(() => ownDatabase.drop());
    const first = await startServerProcess(ownDatabase.env);
    onTestFinished(() => first.kill());
    const worker = startWorker({ serverUrl: first.url, mode });
    const person = await signInPerson(first.url, "restart");
    const dialogId = await createDialog(person);
    await askAndWait(person, dialogId, "before");

    await first.stop();
    await untilPrinted(worker, "the server is unavailable");
    const second = await startServerProcess({ ...ownDatabase.env, PORT: String(first.port) });
    onTestFinished(() => second.kill());

    expect(await askAndWait(person, dialogId, "after")).toEqual({
      server: "ok",
      answer_ai: sampleAnswer(readAtSecondQuestion, 1),
    });
    expect(await worker.stop()).toBe(0);
  });

  it("exits with a clear message when its key is refused", async () => {
    const worker = startWorker({ serverUrl: server.url, mode, key: "not-the-key" });
    expect(await worker.exited).toBe(1);
    expect(worker.output()).toContain("check API_KEY_AI");
    expect(worker.output()).not.toContain("not-the-key");
  });
});

describe("the Python worker with leases", () => {
  it("shares ten dialogs between two processes, each answered once", async () => {
    const person = await signInPerson(server.url, "two-workers");
    const gate = await createGate();
    const model = { name: "waits_for_gate", gate } as const;
    const workers = [1, 2].map(() => startWorker({ serverUrl: server.url, model }));
    const names = Array.from({ length: 10 }, (_, index) => `dialog ${index}`);
    const dialogIds = await Promise.all(names.map((name) => createDialog(person, name)));
    const runs = await Promise.all(dialogIds.map((dialogId) => ask(person, dialogId, "a question")));
    // Behind the closed gate each worker holds one run, so both have one as soon as two are running.
    await untilRunning(person, runs, 2);
    await gate.open();

    for (const run of runs) {
      expect(await untilRun(person, run, "completed")).toMatchObject({
        attempt: 1,
        answer: { content: sampleAnswer(1, 2) },
      });
    }
    for (const dialogId of dialogIds) {
      const { body } = await person.call<{ dialogs: unknown[] }>("GET", `/dialogs/${dialogId}`);
      expect(body.dialogs).toHaveLength(2);
    }
    expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0]);
    const answered = workers.map((worker) => worker.output().match(/run \d+: completed/g) ?? []);
    expect(answered.flat().toSorted()).toEqual(runs.map(({ run_id }) => `run ${run_id}: completed`).toSorted());
    expect(answered.every((lines) => lines.length > 0)).toBe(true);
  });

  it("keeps a run while the model takes longer than the lease", async () => {
    const { person, run } = await startRun("long-thought", { name: "thinks_past_its_lease", leaseMs: 3000 });
    expect(await untilRun(person, run, "completed")).toMatchObject({ attempt: 1 });
  });

  it("releases a run that the person stops", async () => {
    const { person, run, worker } = await startRun("stopped", { name: "waits_for_gate", leaseMs: 3000 });
    await untilRun(person, run, "running");
    await person.call("POST", `/runs/${run.run_id}/cancel`);
    expect(await untilRun(person, run, "cancelled")).toMatchObject({ answer: null });
    await untilPrinted(worker, `run ${run.run_id}: released`);
  });

  it("releases its run on SIGTERM while the model computes", async () => {
    const { person, run, worker } = await startRun("given-back", { name: "waits_for_gate" });
    await untilRun(person, run, "running");
    expect(await worker.stop()).toBe(0);
    expect(await readRun(person, run)).toMatchObject({ state: "queued", attempt: 0 });

    startWorker({ serverUrl: server.url });
    expect(await untilRun(person, run, "completed")).toMatchObject({ attempt: 1 });
  });

  it("asks for another attempt when the model raises, and does not log the text of the exception", async () => {
    const { person, run, worker } = await startRun("broken-once", { name: "breaks_once" });
    expect(await untilRun(person, run, "completed")).toMatchObject({ attempt: 2, error: null });
    expect(worker.output()).toContain("RuntimeError");
    expect(worker.output()).not.toContain("broken-once");
  });

  it("fails a run for good when its answer cannot be stored", async () => {
    const { person, run } = await startRun("too-long", { name: "answers_too_long" });
    expect(await untilRun(person, run, "failed")).toMatchObject({ attempt: 1, error: { code: "answer_refused" } });
  });
});

async function untilRunning(person: Person, runs: readonly Run[], count: number): Promise<void> {
  await until(`${count} runs are running`, async () => {
    const now = await Promise.all(runs.map((run) => readRun(person, run)));
    return now.filter(({ state }) => state === "running").length === count;
  });
}

type ModelOptions = Omit<NonNullable<Parameters<typeof startWorker>[0]["model"]>, "gate">;

/** One question in a dialog of its own, and a worker with another model to answer it. */
async function startRun(sub: string, options: ModelOptions) {
  const person = await signInPerson(server.url, sub);
  const gate = await createGate();
  const worker = startWorker({ serverUrl: server.url, model: { ...options, gate } });
  const run = await ask(person, await createDialog(person), `a question of ${sub}`);
  return { person, run, worker };
}
