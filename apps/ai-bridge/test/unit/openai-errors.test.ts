import { freePort, until } from "@deepbot/testing";
import { expect, test } from "vitest";
import { createOpenAiAnswerer } from "../../src/answerers/model/openai-answerer.ts";
import { collect } from "../support/dialog.ts";
import { modelDefaults, question, startModel } from "../support/model.ts";
import type { Behaviour } from "../support/model-server.ts";

const secret = { message: "sk-of-the-test is not welcome: How are you?", type: "t", code: null };

const failing: [string, Behaviour, { code: string; detail: string }][] = [
  ["500", (modelCall) => modelCall.refuse(500, secret), { code: "model_unavailable", detail: "status 500" }],
  ["503", (modelCall) => modelCall.refuse(503, secret), { code: "model_unavailable", detail: "status 503" }],
  ["429", (modelCall) => modelCall.refuse(429, secret), { code: "model_rate_limited", detail: "status 429" }],
  ["401", (modelCall) => modelCall.refuse(401, secret), { code: "model_refused", detail: "status 401" }],
  ["404", (modelCall) => modelCall.refuse(404, secret), { code: "model_refused", detail: "status 404" }],
  [
    "a dialog beyond the model's context",
    (modelCall) => modelCall.refuse(400, { ...secret, code: "context_length_exceeded" }),
    { code: "dialog_too_long", detail: "status 400" },
  ],
  [
    "a connection that is cut before the headers",
    (modelCall) => modelCall.cut(),
    { code: "model_unavailable", detail: "UND_ERR_SOCKET" },
  ],
  [
    "a body that ends prematurely",
    (modelCall) => {
      modelCall.say("Half an");
      modelCall.close();
    },
    { code: "model_cut", detail: "closed early" },
  ],
  [
    "an event that is not JSON",
    (modelCall) => {
      modelCall.say("Half an");
      modelCall.event("{");
      modelCall.finish();
    },
    { code: "model_cut", detail: "SyntaxError" },
  ],
  [
    "an event of another shape",
    (modelCall) => {
      modelCall.say("Half an");
      modelCall.event('{"choices":"none"}');
      modelCall.finish();
    },
    { code: "model_cut", detail: "ZodError" },
  ],
  [
    "an error in the stream",
    (modelCall) => {
      modelCall.say("Half an");
      modelCall.event(JSON.stringify({ error: secret }));
      modelCall.close();
    },
    { code: "model_cut", detail: "APIError" },
  ],
  [
    "an answer that the provider withdraws",
    (modelCall) => {
      modelCall.say("Half an");
      modelCall.finish({ reason: "content_filter" });
    },
    { code: "model_refused", detail: "content filter" },
  ],
];

test.each(failing)("fails with a code and without the provider's words: %s", async (_name, behave, expected) => {
  const { answerer } = await startModel(behave);
  const error = await collect(answerer, question).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "AnswererError", ...expected });
  expect(String(error)).not.toMatch(/sk-of-the-test|How are you/);
});

test("fails when the connection is cut in the middle", async () => {
  const { model, answerer } = await startModel((modelCall) => modelCall.say("Half an"));
  const answer = answerer.answer(question, { signal: new AbortController().signal })[Symbol.asyncIterator]();
  expect(await answer.next()).toEqual({ done: false, value: { kind: "text", text: "Half an" } });
  model.modelCalls[0]?.cut();
  await expect(answer.next()).rejects.toMatchObject({ code: "model_cut", detail: "UND_ERR_SOCKET" });
});

test("fails when nothing listens", async () => {
  const baseUrl = `http://127.0.0.1:${await freePort()}/v1`;
  const answerer = createOpenAiAnswerer({ ...modelDefaults, baseUrl });
  await expect(collect(answerer, question)).rejects.toMatchObject({
    code: "model_unavailable",
    detail: "ECONNREFUSED",
  });
});

test("a stream without events is an empty answer", async () => {
  const { answerer } = await startModel((modelCall) => modelCall.close());
  expect(await collect(answerer, question)).toMatchObject({ text: "", pieces: [], usage: undefined });
});

test.each<[string, Behaviour, string]>([
  ["the response", () => undefined, "model_unavailable"],
  ["the first piece", (modelCall) => modelCall.open(), "model_unavailable"],
])("fails when %s takes too long, and aborts the request", async (_name, behave, code) => {
  const { model, answerer } = await startModel(behave, { firstChunkTimeoutMs: 200 });
  await expect(collect(answerer, question)).rejects.toMatchObject({ code, detail: "timeout" });
  await until("the model sees the abort", () => model.modelCalls[0]?.isAborted());
});

test("fails when the next piece takes too long, and aborts the request", async () => {
  const { model, answerer } = await startModel((modelCall) => modelCall.say("Half an"), { idleTimeoutMs: 200 });
  await expect(collect(answerer, question)).rejects.toMatchObject({ code: "model_cut", detail: "timeout" });
  await until("the model sees the abort", () => model.modelCalls[0]?.isAborted());
});
