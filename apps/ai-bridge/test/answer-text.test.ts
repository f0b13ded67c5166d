import { expect, test } from "vitest";
import { answerMaxBytes, beginningOf, cleanText, fitText } from "../src/worker/answer-text.ts";

test.each([
  ["keeps what is well-formed", "Привет 🙂\n", "Привет 🙂\n"],
  ["drops NUL", "a\0b", "ab"],
  ["replaces half a pair", "a\ud83d", "a\ufffd"],
  ["keeps a pair that came in two halves", ["\ud83d", "\ude42"].join(""), "🙂"],
])("%s", (_name, text, expected) => {
  expect(cleanText(text)).toBe(expected);
});

test.each([
  ["abc", 2, "ab"],
  ["яя", 3, "я"],
  ["a🙂", 4, "a"],
  ["a🙂", 5, "a🙂"],
])("the beginning of %j in %i bytes is %j", (text, maxBytes, expected) => {
  expect(beginningOf(text, maxBytes)).toBe(expected);
});

test("a text of just the limit stays whole", () => {
  const text = "я".repeat(answerMaxBytes / 2);
  expect(fitText(text, "ru")).toBe(text);
});

test.each(["en", "ru"] as const)("a longer text ends with a note in the language of the question: %s", (language) => {
  const fitted = fitText("🙂".repeat(answerMaxBytes), language);
  expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(answerMaxBytes);
  expect(Buffer.byteLength(fitted)).toBeGreaterThan(answerMaxBytes - 4);
  expect(fitted.isWellFormed()).toBe(true);
  expect(fitted).toMatch(language === "en" ? /🙂\n\n\[The answer was longer .*\]$/u : /🙂\n\n\[Ответ длиннее.*\]$/u);
});
