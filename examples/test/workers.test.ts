import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { signInPerson, startServerProcess, type ServerProcess } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireCommand } from "./support/commands.ts";
import { startModelServer } from "./support/model-server.ts";
import { ask, startWorker, untilRun, untilStreamed } from "./support/worker.ts";

let database: ProcessDatabase;
let server: ServerProcess;

beforeAll(async () => {
  for (const command of ["bash", "curl", "python3"]) await requireCommand(command);
  database = await createProcessDatabase();
  server = await startServerProcess({
    ...database.env,
    // So long that a stopped run ends only when its worker releases it.
    CANCEL_GRACE_MS: "600000",
  });
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

describe("the worker that is a graph", () => {
  const startGraph = () => startWorker("python3", ["examples/graph-worker/worker.py"], { serverUrl: server.url });

  it("plans, uses its tool as often as the plan says, and answers", async () => {
    const person = await signInPerson(server.url, "graph");
    const worker = startGraph();
    const run = await untilRun(person, await ask(person, "What is 12 * 7, and 100 - 58?"), "completed");
    expect(run.answer?.content).toBe("Plan: 2 to calculate.\n12 * 7 = 84\n100 - 58 = 42\nAnswer: 84 and 42.");
    expect(await worker.stop()).toBe(0);
  });

  it("ends a walk that is too long with a sentence", async () => {
    const person = await signInPerson(server.url, "long-walk");
    const worker = startGraph();
    const run = await untilRun(person, await ask(person, "1+1 ".repeat(12)), "failed");
    expect(run).toMatchObject({ attempt: 1, error: { code: "too_many_steps" } });
    expect(await worker.stop()).toBe(0);
  });
});

describe("the worker with a model and tools", () => {
  const startTools = (modelUrl: string) =>
    startWorker("python3", ["examples/openai-tools/worker.py"], {
      serverUrl: server.url,
      env: { OPENAI_BASE_URL: modelUrl, OPENAI_MODEL: "test-model" },
    });

  it("calls the tools that the model asks for, and streams what it makes of them", async () => {
    const model = await startModelServer();
    const person = await signInPerson(server.url, "tools");
    const worker = startTools(model.url);
    const run = await untilRun(person, await ask(person, "How many r are in strawberry?"), "completed");

    expect(run.answer?.content).toBe('The tools say 3 and {"error": "The call failed: KeyError"}.');
    const [first, second] = model.requests;
    expect(first).toMatchObject({ model: "test-model", stream: true, tools: [{ type: "function" }] });
    expect(second?.messages).toEqual([
      { role: "user", content: "How many r are in strawberry?" },
      expect.objectContaining({ role: "assistant", tool_calls: [expect.any(Object), expect.any(Object)] }),
      { role: "tool", tool_call_id: "call_a", content: "3" },
      expect.objectContaining({ role: "tool", tool_call_id: "call_b" }),
    ]);
    expect(await worker.stop()).toBe(0);
  });

  it("asks again when the model cannot be reached, and says so in the end", async () => {
    const person = await signInPerson(server.url, "no-model");
    const worker = startTools("http://127.0.0.1:9/v1");
    const run = await untilRun(person, await ask(person, "Is anybody there?"), "failed");
    expect(run).toMatchObject({ attempt: 3, error: { code: "model_unavailable" } });
    expect(await worker.stop()).toBe(0);
  });
});

describe("the worker that is a shell script", () => {
  /** With commands of the test's in place of the sample's, if there are any. */
  const startShell = (own?: string) => {
    const script = "examples/shell-worker/worker.sh";
    if (own === undefined) return startWorker(script, [], { serverUrl: server.url });
    const source = `source <(sed '/^answer() {/,/^}/d' ${script})`;
    return startWorker("bash", ["-c", `${own}\n${source}`], { serverUrl: server.url });
  };
  const sample = /^I am a shell script without a model\.\nMy clock says \d\d:\d\d\.$/;

  it("answers one question after another, whatever is in them", async () => {
    const person = await signInPerson(server.url, "shell");
    const worker = startShell();
    for (const question of [String.raw`"run_id":7, \ "lease_token":"x"`, "строка\nи ещё\tодна"]) {
      const run = await untilRun(person, await ask(person, question), "completed");
      expect(run.answer?.content).toMatch(sample);
    }
    expect(await worker.stop()).toBe(0);
  });

  it("escapes what JSON cannot hold", async () => {
    const person = await signInPerson(server.url, "quotes");
    const worker = startShell(String.raw`answer() { printf 'a "b" \\n\tc\r\n'; }`);
    const run = await untilRun(person, await ask(person, "quotes"), "completed");
    expect(run.answer?.content).toBe('a "b" \\n\tc');
    await worker.stop();
  });

  it("gives its run back when the person presses Stop", async () => {
    const person = await signInPerson(server.url, "shell-stop");
    const worker = startShell(`answer() { while echo word; do sleep 0.1; done; }`);
    const run = await ask(person, "talk");
    await untilStreamed(person, run, "word\nword\n");
    await person.call("POST", `/runs/${run.run_id}/cancel`);
    expect((await untilRun(person, run, "cancelled")).answer?.content).toMatch(/^word\nword\n/);
    await worker.stop();
  });

  it("gives its run back on SIGTERM", async () => {
    const person = await signInPerson(server.url, "shell-term");
    const worker = startShell(`answer() { echo word; sleep 3; }`);
    const run = await ask(person, "talk");
    await untilStreamed(person, run, "word\n");
    worker.signal("SIGTERM");
    expect(await untilRun(person, run, "queued")).toMatchObject({ attempt: 0 });
    await person.call("POST", `/runs/${run.run_id}/cancel`);
  });
});
