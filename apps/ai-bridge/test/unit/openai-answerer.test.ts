import { until } from "@deepbot/testing";
import { expect, test } from "vitest";
import { collect, runOf } from "../support/dialog.ts";
import { question, startModel } from "../support/model.ts";

test("streams the answer to the whole dialog", async () => {
  const { model, answerer } = await startModel(
    (modelCall) => {
      modelCall.say("I am ", "fine, ", "🙂");
      modelCall.finish();
    },
    { systemPrompt: "Be brief." },
  );
  const { pieces, usage } = await collect(answerer, runOf(["Hello", "Hi!", "How are you?"]));
  expect(pieces).toEqual(["I am ", "fine, ", "🙂"]);
  expect(usage).toBeUndefined();
  expect(model.modelCalls[0]).toMatchObject({
    url: "/v1/chat/completions",
    headers: { authorization: "Bearer sk-of-the-test" },
    body: {
      model: "tiny",
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi!" },
        { role: "user", content: "How are you?" },
      ],
    },
  });
});

test("leaves empty messages out of the prompt", async () => {
  const { model, answerer } = await startModel((modelCall) => modelCall.finish());
  await collect(answerer, runOf(["Hello", "", "Still there?"]));
  expect(model.modelCalls[0]?.body.messages.map(({ content }) => content)).toEqual(["Hello", "Still there?"]);
});

test("reports the usage that the model states", async () => {
  const { answerer } = await startModel((modelCall) => {
    modelCall.say("4");
    modelCall.finish({ usage: { prompt_tokens: 12, completion_tokens: 3 } });
  });
  const { text, usage } = await collect(answerer, question);
  expect({ text, usage }).toEqual({ text: "4", usage: { model: "tiny-1.5", input_tokens: 12, output_tokens: 3 } });
});

test.each(['"usage":{"prompt_tokens":-1,"completion_tokens":2}', '"usage":{"total":3}', '"usage":null', '"model":7'])(
  "ignores an invalid usage: %s",
  async (field) => {
    const { answerer } = await startModel((modelCall) => {
      modelCall.say("4");
      modelCall.event(`{"choices":[],${field}}`);
      modelCall.finish();
    });
    expect(await collect(answerer, question)).toMatchObject({ text: "4", usage: undefined });
  },
);

test("shows the text of a refusal", async () => {
  const { answerer } = await startModel((modelCall) => {
    modelCall.event('{"choices":[{"index":0,"delta":{"refusal":"I would rather not."},"finish_reason":null}]}');
    modelCall.finish();
  });
  expect((await collect(answerer, question)).text).toBe("I would rather not.");
});

test("an answer with a finish reason is complete, even if the connection breaks before the last event", async () => {
  const { answerer } = await startModel((modelCall) => {
    modelCall.say("Whole.");
    modelCall.event('{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}');
    modelCall.close();
  });
  expect((await collect(answerer, question)).text).toBe("Whole.");
});

test("does not count the reader's own time towards the timeout", async () => {
  const { model, answerer } = await startModel((modelCall) => modelCall.say("one"), { idleTimeoutMs: 300 });
  const answer = answerer.answer(question, { signal: new AbortController().signal })[Symbol.asyncIterator]();
  await answer.next();
  const readAt = performance.now();
  await until("the reader was busy for longer than the timeout", () => performance.now() - readAt > 600);
  model.modelCalls[0]?.say("two");
  expect(await answer.next()).toEqual({ done: false, value: { kind: "text", text: "two" } });
  await answer.return?.();
});

test("an abort cancels the request to the model", async () => {
  const { model, answerer } = await startModel((modelCall) => modelCall.say("Half an"));
  const controller = new AbortController();
  const answer = answerer.answer(question, { signal: controller.signal })[Symbol.asyncIterator]();
  await answer.next();
  controller.abort();
  await until("the model sees the abort", () => model.modelCalls[0]?.isAborted());
  expect(await answer.next().catch(() => "over")).not.toMatchObject({ done: false });
});

test("leaving the stream cancels the request to the model", async () => {
  const { model, answerer } = await startModel((modelCall) => modelCall.say("Half an"));
  for await (const part of answerer.answer(question, { signal: new AbortController().signal })) {
    expect(part).toEqual({ kind: "text", text: "Half an" });
    break;
  }
  await until("the model sees the abort", () => model.modelCalls[0]?.isAborted());
});

test("retries when allowed, after the pause that the provider asks for", async () => {
  const { model, answerer } = await startModel(
    (modelCall, number) => {
      if (number === 0) return modelCall.refuse(429, {}, { "retry-after-ms": "10" });
      modelCall.say("Now.");
      return modelCall.finish();
    },
    { maxRetries: 1 },
  );
  expect((await collect(answerer, question)).text).toBe("Now.");
  expect(model.modelCalls).toHaveLength(2);
});
