import { expect, test } from "vitest";
import { createRuleAnswerer } from "../../src/answerers/rule-answerer.ts";
import { collect, runOf } from "../support/dialog.ts";

const answerer = createRuleAnswerer({ paceMs: 0 });

const cases: [string, string[], string][] = [
  ["greets", ["Hello!"], "Hello! Ask me"],
  ["greets in Russian", ["Привет"], "Здравствуйте! Дайте"],
  ["greets by a name that was told before", ["My name is Ada.", "…", "hi"], "Hello, Ada!"],
  ["adds", ["What is 2+2?"], "2 + 2 = 4"],
  ["subtracts below zero", ["3 - 5"], "3 - 5 = -2"],
  ["accepts negative numbers", ["-3 * -5"], "-3 * -5 = 15"],
  ["multiplies decimals", ["Сколько будет 2,5 × 4?"], "2,5 × 4 = 10"],
  ["rounds binary fractions", ["0.1 + 0.2"], "0.1 + 0.2 = 0.3"],
  ["has no result for a division by zero", ["1 / 0"], "That has no result."],
  ["does not calculate with dates", ["2026-11-23"], "I have no rule for it."],
  ["does not calculate with thousands separators", ["1,000 + 1"], "I have no rule for it."],
  ["does not calculate longer sums", ["1 + 2 + 3"], "I have no rule for it."],
  ["greets a person who gives a name", ["My name is Ada."], "Nice to meet you, Ada."],
  ["remembers a name", ["My name is Ada.", "…", "What is my name?"], "Your name is Ada."],
  [
    "remembers the latest of two names",
    ["Call me Bo", "…", "my name is Cy", "…", "what's my name"],
    "Your name is Cy.",
  ],
  ["remembers a name in Russian", ["Меня зовут Аня", "…", "А как меня зовут на самом деле?"], "Вас зовут Аня."],
  ["says that it knows no name", ["What is my name?"], "You have not told me your name yet."],
  ["quotes the first message", ["Blue moon", "…", "What did I say first?"], "in this dialog: “Blue moon”"],
  ["quotes the first message in Russian", ["Синяя луна", "…", "Что я сказала сначала?"], "«Синяя луна»"],
  ["counts", ["a", "…", "b", "…", "How many questions did I ask?"], "counting this one: 3."],
  ["counts in Russian", ["a", "…", "Сколько сообщений я написал?"], "считая это: 2."],
  ["repeats", ["Repeat: one two"], "one two"],
  ["counts to a number", ["Please count to 5"], "1, 2, 3, 4, 5."],
  ["counts in Russian to a number, up to a limit", ["Посчитай до 999999"], "199, 200."],
  ["shows all formatting", ["Show me some code"], "```ts\nexport function greet("],
  ["shows all formatting in Russian", ["Покажи код"], "| вид | показан как |"],
  ["ignores names in the bot's messages", ["hi", "My name is Bot", "what is my name?"], "You have not told me"],
  ["says what it is", ["Are you a bot?"], "a short table of rules"],
  ["responds to thanks", ["Спасибо!"], "Пожалуйста."],
  [
    "quotes a message without a rule",
    ["Why is the sky blue?"],
    "You wrote: “Why is the sky blue?” (message 1 of yours)",
  ],
  ["keeps the language of the dialog for a question without letters", ["Привет", "…", "7?"], "Вы написали: «7?»"],
  ["cuts long quotes between code points", ["🙂".repeat(300)], `“${"🙂".repeat(200)}…”`],
];

test.each(cases)("%s", async (_name, texts, expected) => {
  const { text } = await collect(answerer, runOf(texts));
  expect(text).toContain(expected);
});

test.each([
  ["Hello", "demo answerer"],
  ["2+2", "demo answerer"],
  ["Привет", "Демонстрационный ответчик"],
])("signs its answer to %j as a demo", async (question, expected) => {
  expect((await collect(answerer, runOf([question]))).text).toContain(expected);
});

test("gives the same dialog the same answer, in several pieces", async () => {
  const first = await collect(answerer, runOf(["Tell me a story"]));
  const second = await collect(answerer, runOf(["Tell me a story"]));
  expect(second).toEqual(first);
  expect(first.pieces.length).toBeGreaterThan(5);
  expect(first.usage).toBeUndefined();
});

test("stops when it is aborted", async () => {
  expect((await collect(answerer, runOf(["Hello"]), AbortSignal.abort())).pieces).toEqual([]);
});
