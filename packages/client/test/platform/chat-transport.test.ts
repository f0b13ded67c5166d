import { Chat } from "@ai-sdk/react";
import { testKeys, until } from "@deepbot/testing";
import type { UIMessage } from "ai";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createChatTransport } from "../../src/react/index.ts";
import { AnswerError, serve, type Answer, type ServedWorker } from "../../src/worker/index.ts";
import { newAsker, usePlatform, type Asker } from "./support/platform.ts";

const server = usePlatform();
const quiet = (): void => undefined;

let asker: Asker;
let answer: Answer;
let worker: ServedWorker;

beforeEach(async () => {
  asker = await newAsker(server());
  worker = serve({
    url: server().url,
    key: testKeys.messages,
    answer: (run, options) => answer(run, options),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    stopGraceMs: 0,
    signal: new AbortController().signal,
  });
});

afterEach(() => worker.stop());

/** What `useChat` makes for a component; a second one is the same dialog after a reload of the page. */
function openChat(messages: UIMessage[] = []): Chat<UIMessage> {
  return new Chat({ id: String(asker.dialogId), transport: createChatTransport(asker.client), messages });
}

const textOf = ({ parts }: UIMessage): string => parts.map((part) => (part.type === "text" ? part.text : "")).join("|");

const textsOf = ({ messages }: Chat<UIMessage>): string[] => messages.map(textOf);

/** An answer in two halves: the second comes when the gate opens. */
function inHalves(): { answer: Answer; open: () => void } {
  const gate = Promise.withResolvers<void>();
  return {
    open: gate.resolve,
    answer: async function* halves(_run, { signal }) {
      yield "Well, ";
      signal.addEventListener("abort", () => gate.resolve());
      await gate.promise;
      yield "hello.";
    },
  };
}

const newestRun = async (): Promise<{ run_id: number; state: string } | null | undefined> => {
  const { messages } = await asker.client.messages.list.query({ dialog_id: asker.dialogId });
  return messages.findLast(({ run }) => run !== null)?.run;
};

test("sends a message and streams its answer", async () => {
  const halves = inHalves();
  ({ answer } = halves);
  const chat = openChat();
  const sent = chat.sendMessage({ text: "Hello?" });
  await until("the first half is shown", () => textsOf(chat)[1] === "Well, ");
  expect(chat.status).toBe("streaming");
  halves.open();
  await sent;
  expect(textsOf(chat)).toEqual(["Hello?", "Well, hello."]);
  expect(chat.status).toBe("ready");
});

test("stop cancels the run, and what was streamed stays", async () => {
  ({ answer } = inHalves());
  const chat = openChat();
  const sent = chat.sendMessage({ text: "Hello?" });
  await until("the first half is shown", () => textsOf(chat)[1] === "Well, ");
  await chat.stop();
  await sent;
  await until("the run is cancelled", async () => (await newestRun())?.state === "cancelled");
  expect(textsOf(chat)).toEqual(["Hello?", "Well, "]);
  expect(chat.status).toBe("ready");
});

test("resumes an answer that is being written from its beginning, also when mounted twice", async () => {
  const halves = inHalves();
  ({ answer } = halves);
  const { run_id } = await asker.ask("Hello?");
  const chat = openChat([{ id: "1", role: "user", parts: [{ type: "text", text: "Hello?" }] }]);
  // The order of effects in React's strict mode.
  void chat.resumeStream();
  void chat.stop();
  const resumed = chat.resumeStream();
  await until("the first half is shown", () => textsOf(chat)[1] === "Well, ");
  halves.open();
  await resumed;
  expect(textsOf(chat)).toEqual(["Hello?", "Well, hello."]);
  expect(await asker.client.runs.get.query({ run_id })).toMatchObject({ state: "completed", cancel_requested: false });
});

test("resumes nothing when no answer is being written", async () => {
  const chat = openChat();
  await chat.resumeStream();
  expect(chat.messages).toEqual([]);
  expect(chat.status).toBe("ready");
});

test("shows why there is no answer, and regenerate asks again", async () => {
  answer = async function* fail() {
    yield* [];
    throw new AnswerError("The library is closed.", { code: "closed", retry: false });
  };
  const chat = openChat();
  await chat.sendMessage({ text: "Open?" });
  expect(chat.status).toBe("error");
  expect(chat.error?.message).toBe("The library is closed.");

  answer = async function* succeed() {
    yield "Now it is.";
  };
  await chat.regenerate();
  expect(chat.status).toBe("ready");
  expect(textsOf(chat)).toEqual(["Open?", "Now it is."]);
});

test("says plainly that an answered question cannot be asked again", async () => {
  answer = async function* succeed() {
    yield "Yes.";
  };
  const chat = openChat();
  await chat.sendMessage({ text: "Open?" });
  await chat.regenerate();
  expect(chat.status).toBe("error");
  expect(chat.error?.message).toMatch(/^Only the last question of a dialog can be asked again/);
});

test("an attempt that begins anew becomes a part of its own", async () => {
  let attempts = 0;
  answer = async function* restart() {
    attempts += 1;
    yield attempts === 1 ? "First" : "Second";
    if (attempts > 1) return;
    await until("the first attempt is shown", () => textsOf(chat)[1] === "First");
    throw new Error("The model broke off.");
  };
  const chat = openChat();
  await chat.sendMessage({ text: "Hello?" });
  expect(textsOf(chat)).toEqual(["Hello?", "First|Second"]);
});
