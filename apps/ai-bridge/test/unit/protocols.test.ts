import { describe, expect, test } from "vitest";
import { shownParts, type ModelPart } from "../../src/answerers/answerer.ts";
import { AnswererError } from "../../src/answerers/answerer-error.ts";
import { createThinkTags } from "../../src/answerers/model/think-tags.ts";
import { collect, runOf } from "../support/dialog.ts";
import { question, startModel } from "../support/model.ts";
import type { Behaviour } from "../support/model-server.ts";

const tool = { id: "call_1", name: "add", arguments: '{"a":1,"b":2}' };

describe.each(["chat-completions", "responses"] as const)("a model that speaks %s", (protocol) => {
  const ask = async (behave: Behaviour) => collect((await startModel(behave, { protocol })).answerer, question);
  const failureOf = async (behave: Behaviour): Promise<unknown> =>
    ask(behave).then(
      () => "answered",
      (error: unknown) => (error instanceof AnswererError ? error.code : error),
    );

  test("streams its answer, its reasoning and its tool calls apart", async () => {
    const answer = await ask((modelCall) => {
      modelCall.think("Adding ", "one and two.");
      modelCall.callTool(tool);
      modelCall.say("It is ", "3.");
      modelCall.finish({ usage: { prompt_tokens: 5, completion_tokens: 4 } });
    });
    expect(answer).toEqual({
      text: "It is 3.",
      pieces: ["It is ", "3."],
      reasoning: "Adding one and two.",
      toolCalls: [tool],
      usage: { model: "tiny-1.5", input_tokens: 5, output_tokens: 4 },
    });
  });

  test("gives the whole of an answer that ends at its limit of tokens", async () => {
    const answer = await ask((modelCall) => {
      modelCall.say("As far as");
      modelCall.finish({ reason: protocol === "responses" ? "max_output_tokens" : "length" });
    });
    expect(answer.text).toBe("As far as");
  });

  test.each<[string, string, Behaviour]>([
    ["model_cut", "ends without a finish", (modelCall) => (modelCall.say("Half"), modelCall.close())],
    [
      "model_refused",
      "is withdrawn",
      (modelCall) => (modelCall.say("A"), modelCall.finish({ reason: "content_filter" })),
    ],
    ["dialog_too_long", "fails because of its length", (modelCall) => modelCall.fail("context_length_exceeded")],
    ["model_rate_limited", "fails because of a limit", (modelCall) => modelCall.fail("rate_limit_exceeded")],
    ["model_unavailable", "fails", (modelCall) => modelCall.fail("server_error")],
    ["model_unavailable", "is 503", (modelCall) => modelCall.refuse(503, {})],
    ["model_rate_limited", "is 429", (modelCall) => modelCall.refuse(429, {})],
    ["model_refused", "is 400", (modelCall) => modelCall.refuse(400, {})],
    [
      "dialog_too_long",
      "is 400 for its length",
      (modelCall) => modelCall.refuse(400, { code: "context_length_exceeded" }),
    ],
  ])("is reported as %s when its stream %s", async (code, _, behave) => {
    expect(await failureOf(behave)).toBe(code);
  });

  test("is reported when its connection is cut in the middle", async () => {
    const { model, answerer } = await startModel((modelCall) => modelCall.say("Half an"), { protocol });
    const answer = answerer.answer(question, { signal: new AbortController().signal })[Symbol.asyncIterator]();
    await answer.next();
    model.modelCalls[0]?.cut();
    await expect(answer.next()).rejects.toMatchObject({ code: "model_cut" });
  });

  test("is cut off when it falls silent", async () => {
    const { answerer } = await startModel((modelCall) => modelCall.say("Well,"), { protocol, idleTimeoutMs: 100 });
    await expect(collect(answerer, question)).rejects.toMatchObject({ code: "model_cut", detail: "timeout" });
  });

  test("reads the operator's instructions, then the prompt of the configuration", async () => {
    const { model, answerer } = await startModel((modelCall) => modelCall.finish(), {
      protocol,
      systemPrompt: "Be brief.",
    });
    await collect(answerer, runOf(["Hello"], "Rhyme."));
    const { messages, instructions, input } = model.modelCalls[0]?.body ?? {};
    const told = { role: "system", content: "Rhyme.\n\nBe brief." };
    const asked = { role: "user", content: "Hello" };
    expect({ messages, instructions, input }).toEqual(
      protocol === "responses"
        ? { messages: [], instructions: told.content, input: [asked] }
        : { messages: [told, asked], instructions: undefined, input: [] },
    );
  });
});

test("responses get the prompt and the dialog, and are not kept by the provider", async () => {
  const config = { protocol: "responses", systemPrompt: "Be brief." } as const;
  const { model, answerer } = await startModel((modelCall) => modelCall.finish(), config);
  await collect(answerer, runOf(["Hello", "Hi!", "How are you?"]));
  expect(model.modelCalls[0]).toMatchObject({
    url: "/v1/responses",
    body: {
      model: "tiny",
      stream: true,
      store: false,
      instructions: "Be brief.",
      input: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi!" },
        { role: "user", content: "How are you?" },
      ],
    },
  });
});

test("reasoning and tool calls are not shown as text", async () => {
  const { answerer } = await startModel((modelCall) => {
    modelCall.think("Hm.");
    modelCall.callTool(tool);
    modelCall.say("<think>Let me", " see.</th", "ink>\n", "Yes.");
    modelCall.finish();
  });
  const shown = [];
  for await (const part of shownParts(answerer.answer(question, { signal: new AbortController().signal }))) {
    shown.push(part);
  }
  expect(shown).toEqual([
    { kind: "text", text: "\n" },
    { kind: "text", text: "Yes." },
  ]);
});

test("several tools are called at once, their arguments in turns", async () => {
  const call = (index: number, fields: object): string =>
    JSON.stringify({ choices: [{ delta: { tool_calls: [{ index, ...fields }] } }] });
  const { answerer } = await startModel((modelCall) => {
    modelCall.event(call(0, { id: "a", function: { name: "one", arguments: "" } }));
    modelCall.event(call(1, { id: "b", function: { name: "two", arguments: "[" } }));
    modelCall.event(call(0, { function: { arguments: "{}" } }));
    modelCall.event(call(1, { function: { arguments: "]" } }));
    modelCall.finish({ reason: "tool_calls" });
  });
  expect((await collect(answerer, question)).toolCalls).toEqual([
    { id: "a", name: "one", arguments: "{}" },
    { id: "b", name: "two", arguments: "[]" },
  ]);
});

describe("reasoning between tags in the text", () => {
  const split = (...pieces: string[]): Record<string, string> => {
    const { split: splitPiece } = createThinkTags();
    const parts: ModelPart[] = [...pieces, ""].flatMap((piece, index) => splitPiece(piece, index === pieces.length));
    const joined: Record<string, string> = {};
    for (const part of parts) if ("text" in part) joined[part.kind] = (joined[part.kind] ?? "") + part.text;
    return joined;
  };

  test.each<[string, string[], Record<string, string>]>([
    ["whole", ["<think>hm</think>yes"], { reasoning: "hm", text: "yes" }],
    ["letter by letter", Array.from("\n<think>a < b</think>yes"), { reasoning: "a < b", text: "yes" }],
    ["that never ends", ["<think>", "hm</thin"], { reasoning: "hm</thin" }],
    ["none", ["yes <think>no</think>"], { text: "yes <think>no</think>" }],
    ["none, but what looks like it", ["<thi", "s>"], { text: "<this>" }],
    ["nothing but a beginning", ["<thi"], { text: "<thi" }],
  ])("%s", (_, pieces, expected) => {
    expect(split(...pieces)).toEqual(expected);
  });
});
