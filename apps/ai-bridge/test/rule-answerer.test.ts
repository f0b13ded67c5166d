import { expect, test } from "vitest";
import { createRuleAnswerer } from "../src/answerers/rule-answerer.ts";
import { collect, dialogOf } from "./support/dialog.ts";

const answerer = createRuleAnswerer({ paceMs: 0 });

const cases: [string, string[], string][] = [
  ["greets", ["Hello!"], "Hello! Ask me"],
  ["greets in Russian", ["Привет"], "Здравствуйте! Дайте"],
  ["greets by a name that was told before", ["My name is Ada.", "…", "hi"], "Hello, Ada!"],
  ["adds", ["What is 2+2?"], "2 + 2 = 4"],
  ["takes away below zero", ["3 - 5"], "3 - 5 = -2"],
  ["takes a negative number", ["-3 * -5"], "-3 * -5 = 15"],
  ["multiplies decimals", ["Сколько будет 2,5 × 4?"], "2,5 × 4 = 10"],
  ["hides the dust of binary fractions", ["0.1 + 0.2"], "0.1 + 0.2 = 0.3"],
  ["has no result for a division by zero", ["1 / 0"], "That has no result."],
  ["leaves dates alone", ["2026-11-23"], "I have no rule for it."],
  ["leaves thousands with a comma alone", ["1,000 + 1"], "I have no rule for it."],
  ["leaves longer sums alone", ["1 + 2 + 3"], "I have no rule for it."],
  ["says a name back", ["My name is Ada."], "Nice to meet you, Ada."],
  ["remembers a name", ["My name is Ada.", "…", "What is my name?"], "Your name is Ada."],
  ["remembers the newer of two names", ["Call me Bo", "…", "my name is Cy", "…", "what's my name"], "Your name is Cy."],
  ["remembers a name in Russian", ["Меня зовут Аня", "…", "А как меня зовут на самом деле?"], "Вас зовут Аня."],
  ["admits that it knows no name", ["What is my name?"], "You have not told me your name yet."],
  ["quotes what was said first", ["Blue moon", "…", "What did I say first?"], "in this dialog: “Blue moon”"],
  ["quotes it in Russian", ["Синяя луна", "…", "Что я сказала сначала?"], "«Синяя луна»"],
  ["counts", ["a", "…", "b", "…", "How many questions did I ask?"], "counting this one: 3."],
  ["counts in Russian", ["a", "…", "Сколько сообщений я написал?"], "считая это: 2."],
  ["repeats", ["Repeat: one two"], "one two"],
  ["counts to a number", ["Please count to 5"], "1, 2, 3, 4, 5."],
  ["counts in Russian to a number, but not for ever", ["Посчитай до 999999"], "199, 200."],
  ["shows what a page can show", ["Show me some code"], "```ts\nexport function greet("],
  ["shows it in Russian", ["Покажи код"], "| вид | показан как |"],
  [
    "does not take the bot's words for the user's",
    ["hi", "My name is Bot", "what is my name?"],
    "You have not told me",
  ],
  ["says what it is", ["Are you a bot?"], "a short table of rules"],
  ["thanks back", ["Спасибо!"], "Пожалуйста."],
  [
    "quotes what it has no rule for",
    ["Why is the sky blue?"],
    "You wrote: “Why is the sky blue?” (message 1 of yours)",
  ],
  ["keeps to the language of a question without letters", ["Привет", "…", "7?"], "Вы написали: «7?»"],
  ["cuts long quotes between code points", ["🙂".repeat(300)], `“${"🙂".repeat(200)}…”`],
];

test.each(cases)("%s", async (_name, texts, expected) => {
  const { text } = await collect(answerer, dialogOf(...texts));
  expect(text).toContain(expected);
});

test.each([
  ["Hello", "demo answerer"],
  ["2+2", "demo answerer"],
  ["Привет", "Демонстрационный ответчик"],
])("says under its answer to %j that it is a demo", async (question, expected) => {
  expect((await collect(answerer, dialogOf(question))).text).toContain(expected);
});

test("gives the same answer to the same dialog, in several pieces", async () => {
  const first = await collect(answerer, dialogOf("Tell me a story"));
  const second = await collect(answerer, dialogOf("Tell me a story"));
  expect(second).toEqual(first);
  expect(first.pieces.length).toBeGreaterThan(5);
  expect(first.usage).toBeUndefined();
});

test("says no more once it is aborted", async () => {
  expect((await collect(answerer, dialogOf("Hello"), AbortSignal.abort())).pieces).toEqual([]);
});
