import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limits } from "@deepbot/contract";
import { signInPerson, testKeys, until } from "@deepbot/testing";
import { expect, onTestFinished, test } from "vitest";
import { startBridge, startBridgeWithModel } from "./support/bridge.ts";
import { startFlakyProxy } from "./support/flaky-proxy.ts";
import { startModelServer, type ModelCall } from "./support/model-server.ts";
import { usePlatform } from "./support/platform.ts";

const platform = usePlatform({ RETRY_BACKOFF_MS: "10", ADMIN_EMAILS: "operator@example.com" });

const answer =
  (text: string) =>
  (modelCall: ModelCall): void => {
    modelCall.say(text);
    modelCall.finish();
  };

test("answers with the demo rules and the dialog so far", async () => {
  const bridge = startBridge(platform.server().url);
  const asker = await platform.newAsker();
  await asker.ask("Hello, my name is Ada");
  const { status, body } = await asker.ask("What is my name?");
  expect({ status, answer: body.answer_ai }).toEqual({
    status: 200,
    answer: expect.stringContaining("Your name is Ada."),
  });
  await bridge.logs("is answered");
});

test("answers for the assistant of a configuration file, through the responses of its model", async () => {
  const model = await startModelServer(answer("From the file."));
  onTestFinished(model.stop);
  const path = join(await mkdtemp(join(tmpdir(), "deepbot-bridge-")), "assistants.json");
  const one = { endpoint: model.baseUrl, api_key_env: "MODEL_KEY", model: "tiny", protocol: "responses" };
  await writeFile(path, JSON.stringify({ assistants: ["deepbot", "other"].map((slug) => ({ slug, ...one })) }));
  const env = { AI_BRIDGE_CONFIG: path, MODEL_KEY: "sk-of-the-file", WORKER_NAME: "w" };
  const bridge = startBridge(platform.server().url, env);
  const { body } = await (await platform.newAsker()).ask("Who are you?");
  expect(body.answer_ai).toBe("From the file.");
  expect(model.modelCalls).toMatchObject([
    { url: "/v1/responses", headers: { authorization: "Bearer sk-of-the-file" } },
  ]);
  await bridge.logs("w/deepbot serves");
  await bridge.logs("w/other serves");
  await bridge.logs("assistant_refused");
});

test("tells the model the assistant's instructions, those that hold when the run is claimed", async () => {
  const operator = await signInPerson(platform.server().url, "operator");
  await operator.call("POST", "/operator/assistants", { slug: "poet", name: "Poet", instructions: "Rhyme." });
  const { model } = await startBridgeWithModel(platform.server().url, answer("Done."), {
    OPENAI_SYSTEM_PROMPT: "Be brief.",
  });
  const asker = await platform.newAsker("poet");
  await asker.ask("A poem");
  await operator.call("PATCH", "/operator/assistants/poet", { instructions: "Do not rhyme." });
  await asker.ask("Another one");
  expect(model.modelCalls.map(({ body }) => body.messages[0])).toEqual([
    { role: "system", content: "Rhyme.\n\nBe brief." },
    { role: "system", content: "Do not rhyme.\n\nBe brief." },
  ]);
});

test("logs readable lines without texts or keys", async () => {
  const { bridge } = await startBridgeWithModel(platform.server().url, answer("A most secret answer"), {
    OPENAI_API_KEY: "sk-very-secret",
    LOG_LEVEL: "debug",
    WORKER_NAME: "logger",
  });
  await (await platform.newAsker()).ask("A most secret question");
  expect(await bridge.stop()).toBe(0);
  expect(bridge.output()).not.toMatch(new RegExp(`secret|${testKeys.messages}`));
  for (const line of bridge.output().trim().split("\n")) {
    expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - (DEBUG|INFO) - (main|worker) - \S/);
  }
});

test("logs JSON in production", async () => {
  const bridge = startBridge(platform.server().url, { DEEPBOT_DEV: "false" });
  await bridge.logs("connected");
  expect(await bridge.stop()).toBe(0);
  const lines = bridge.output().trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
    "started",
    "connected",
    "stopping",
    "stopped",
  ]);
});

test("sends the whole dialog to the model and the usage to the platform", async () => {
  const proxy = await startFlakyProxy(platform.server().url, (_procedure, body) => body);
  onTestFinished(proxy.stop);
  const { model } = await startBridgeWithModel(proxy.url, (modelCall, number) => {
    modelCall.say(`Answer ${number}`);
    modelCall.finish({ usage: { prompt_tokens: 12, completion_tokens: 3 } });
  });
  const asker = await platform.newAsker();
  await asker.ask("First");
  await asker.ask("Second");
  expect(model.modelCalls[1]?.body.messages).toEqual([
    { role: "user", content: "First" },
    { role: "assistant", content: "Answer 0" },
    { role: "user", content: "Second" },
  ]);
  expect(await asker.read()).toEqual(["First", "Answer 0", "Second", "Answer 1"]);
  const completed = proxy.passed.find(({ procedure }) => procedure === "worker.complete");
  expect(JSON.parse(completed?.input ?? "")).toMatchObject({
    text: "Answer 0",
    usage: { model: "tiny-1.5", input_tokens: 12, output_tokens: 3 },
  });
});

test("heartbeats keep a run that takes longer than its lease", async () => {
  const { model } = await startBridgeWithModel(platform.server().url, (modelCall) => modelCall.say("Well, "), {
    LEASE_MS: "1000",
  });
  const asker = await platform.newAsker();
  const answered = asker.ask("Think hard");
  await until("the model is at work", () => model.modelCalls.length === 1);
  const claim = { worker: "other", max: 1, wait_ms: 3_500, lease_ms: 1_000 };
  expect((await platform.otherWorker().worker.claim.mutate(claim)).runs).toEqual([]);
  answer("yes.")(model.modelCalls[0] as ModelCall);
  expect(await answered).toMatchObject({ status: 200, body: { answer_ai: "Well, yes." } });
});

test("answers several runs at once, up to the limit", async () => {
  const { model } = await startBridgeWithModel(platform.server().url, () => undefined, { WORKER_CONCURRENCY: "3" });
  const askers = await Promise.all(Array.from({ length: 4 }, () => platform.newAsker()));
  const answered = askers.map((asker) => asker.ask("Together?"));
  await until("three are at work", () => model.modelCalls.length === 3);
  const claim = { worker: "other", max: 4, wait_ms: 1_000, lease_ms: 1_000 };
  const { runs } = await platform.otherWorker().worker.claim.mutate(claim);
  expect(runs).toHaveLength(1);
  const [left] = runs;
  await platform.otherWorker().worker.release.mutate({
    run_id: left?.run_id ?? 0,
    lease_token: left?.lease_token ?? "",
  });
  expect(model.modelCalls).toHaveLength(3);
  answer("Yes.")(model.modelCalls[1] as ModelCall);
  await until("the fourth is at work", () => model.modelCalls.length === 4);
  for (const index of [0, 2, 3]) answer("Yes.")(model.modelCalls[index] as ModelCall);
  expect((await Promise.all(answered)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test("a model that refuses: the user gets 502, and the run says why in the user's language", async () => {
  const { bridge } = await startBridgeWithModel(platform.server().url, (modelCall) =>
    modelCall.refuse(401, { message: "Incorrect API key provided: sk-very-secret" }),
  );
  const asker = await platform.newAsker();
  const { status, body } = await asker.ask("Как дела?");
  expect(status).toBe(502);
  expect(await asker.getRun(body.run_id ?? 0)).toMatchObject({
    state: "failed",
    attempt: 1,
    error: { code: "model_refused", message: expect.stringMatching(/^Модель ИИ отклонила/) },
  });
  await bridge.logs("model_refused (status 401)");
  expect(bridge.output()).not.toContain("sk-very-secret");
});

test("a model that stays unavailable uses up all attempts, then the user gets 502", async () => {
  const { model } = await startBridgeWithModel(platform.server().url, (modelCall) => modelCall.refuse(500, {}));
  const asker = await platform.newAsker();
  const { status, body } = await asker.ask("How are you?");
  expect(status).toBe(502);
  expect(await asker.getRun(body.run_id ?? 0)).toMatchObject({
    state: "failed",
    attempt: 3,
    error: { code: "model_unavailable", message: expect.stringMatching(/^The AI model is unavailable/) },
  });
  expect(model.modelCalls).toHaveLength(3);
});

test.each<[string, (modelCall: ModelCall) => void]>([
  ["fails", (modelCall) => modelCall.refuse(503, {})],
  [
    "stops half-way",
    (modelCall) => {
      modelCall.say("Half an");
      modelCall.close();
    },
  ],
  ["gives an empty answer", (modelCall) => modelCall.finish()],
])("a model that %s once: the next attempt answers", async (_name, misbehave) => {
  await startBridgeWithModel(platform.server().url, (modelCall, number) =>
    number === 0 ? misbehave(modelCall) : answer("Better now.")(modelCall),
  );
  const asker = await platform.newAsker();
  expect((await asker.ask("How are you?")).body.answer_ai).toBe("Better now.");
  expect(await asker.read()).toEqual(["How are you?", "Better now."]);
});

test("removes characters that the platform cannot store", async () => {
  await startBridgeWithModel(platform.server().url, (modelCall) => {
    modelCall.event(String.raw`{"choices":[{"delta":{"content":"a\u0000b \ud83d"}}]}`);
    modelCall.event(String.raw`{"choices":[{"delta":{"content":"\ude42 \ud83d."}}]}`);
    modelCall.finish();
  });
  expect((await (await platform.newAsker()).ask("Odd?")).body.answer_ai).toBe("ab 🙂 \ufffd.");
});

test("an endless answer is cut at the limit, and the request to the model is aborted", async () => {
  const { model } = await startBridgeWithModel(platform.server().url, (modelCall) =>
    modelCall.say("\u0001".repeat(70_000)),
  );
  const { status, body } = await (await platform.newAsker()).ask("Talk for ever");
  expect(status).toBe(200);
  expect(Buffer.byteLength(body.answer_ai ?? "")).toBe(limits.answerMaxBytes);
  expect(body.answer_ai).toMatch(/\[The answer was too long and has been cut here\.\]$/);
  await until("the model sees the abort", () => model.modelCalls[0]?.isAborted());
});
