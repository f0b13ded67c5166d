import { freePort, until } from "@deepbot/testing";
import { expect, test } from "vitest";
import { createOpenAiAnswerer } from "../src/answerers/openai-answerer.ts";
import { collect } from "./support/dialog.ts";
import { modelDefaults, question, startModel } from "./support/model.ts";
import type { Behaviour } from "./support/model-server.ts";

const secret = { message: "sk-of-the-test is not welcome: How are you?", type: "t", code: null };

const failing: [string, Behaviour, { code: string; detail: string }][] = [
  ["500", (exchange) => exchange.refuse(500, secret), { code: "model_unavailable", detail: "status 500" }],
  ["503", (exchange) => exchange.refuse(503, secret), { code: "model_unavailable", detail: "status 503" }],
  ["429", (exchange) => exchange.refuse(429, secret), { code: "model_rate_limited", detail: "status 429" }],
  ["401", (exchange) => exchange.refuse(401, secret), { code: "model_refused", detail: "status 401" }],
  ["404", (exchange) => exchange.refuse(404, secret), { code: "model_refused", detail: "status 404" }],
  [
    "a dialog beyond the model's context",
    (exchange) => exchange.refuse(400, { ...secret, code: "context_length_exceeded" }),
    { code: "dialog_too_long", detail: "status 400" },
  ],
  [
    "a connection that is cut before the head",
    (exchange) => exchange.cut(),
    { code: "model_unavailable", detail: "UND_ERR_SOCKET" },
  ],
  [
    "a body that ends without a last word",
    (exchange) => {
      exchange.say("Half an");
      exchange.close();
    },
    { code: "model_cut", detail: "closed early" },
  ],
  [
    "an event that is no JSON",
    (exchange) => {
      exchange.say("Half an");
      exchange.event("{");
      exchange.finish();
    },
    { code: "model_cut", detail: "SyntaxError" },
  ],
  [
    "an event of another shape",
    (exchange) => {
      exchange.say("Half an");
      exchange.event('{"choices":"none"}');
      exchange.finish();
    },
    { code: "model_cut", detail: "ZodError" },
  ],
  [
    "an error in the stream",
    (exchange) => {
      exchange.say("Half an");
      exchange.event(JSON.stringify({ error: secret }));
      exchange.close();
    },
    { code: "model_cut", detail: "APIError" },
  ],
  [
    "an answer that the provider takes back",
    (exchange) => {
      exchange.say("Half an");
      exchange.finish({ reason: "content_filter" });
    },
    { code: "model_refused", detail: "content filter" },
  ],
];

test.each(failing)("fails by a code, without the provider's words: %s", async (_name, behave, expected) => {
  const { answerer } = await startModel(behave);
  const error = await collect(answerer, question).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "AnswerFailure", ...expected });
  expect(String(error)).not.toMatch(/sk-of-the-test|How are you/);
});

test("fails when the connection is cut in the middle", async () => {
  const { model, answerer } = await startModel((exchange) => exchange.say("Half an"));
  const answer = answerer.answer(question, { signal: new AbortController().signal })[Symbol.asyncIterator]();
  expect(await answer.next()).toEqual({ done: false, value: { kind: "text", text: "Half an" } });
  model.exchanges[0]?.cut();
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

test("a stream without a word is an answer without text", async () => {
  const { answerer } = await startModel((exchange) => exchange.close());
  expect(await collect(answerer, question)).toEqual({ text: "", pieces: [], usage: undefined });
});

test.each<[string, Behaviour, string]>([
  ["the head", () => undefined, "model_unavailable"],
  ["the first piece", (exchange) => exchange.open(), "model_unavailable"],
])("fails when %s takes too long, and lets the model go", async (_name, behave, code) => {
  const { model, answerer } = await startModel(behave, { firstChunkTimeoutMs: 200 });
  await expect(collect(answerer, question)).rejects.toMatchObject({ code, detail: "timeout" });
  await until("the model sees the end", () => model.exchanges[0]?.isAborted());
});

test("fails when the next piece takes too long, and lets the model go", async () => {
  const { model, answerer } = await startModel((exchange) => exchange.say("Half an"), { idleTimeoutMs: 200 });
  await expect(collect(answerer, question)).rejects.toMatchObject({ code: "model_cut", detail: "timeout" });
  await until("the model sees the end", () => model.exchanges[0]?.isAborted());
});
