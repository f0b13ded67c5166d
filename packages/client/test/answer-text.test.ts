import { limits, utf8Length } from "@deepbot/contract";
import { expect, test } from "vitest";
import { cleanText, fitText, utf8Prefix } from "../src/worker/answer-text.ts";

test.each([
  ["keeps well-formed text", "Привет 🙂\n", "Привет 🙂\n"],
  ["drops NUL", "a\0b", "ab"],
  ["replaces half a surrogate pair", "a\ud83d", "a\ufffd"],
  ["keeps a surrogate pair that came in two halves", ["\ud83d", "\ude42"].join(""), "🙂"],
])("%s", (_name, text, expected) => {
  expect(cleanText(text)).toBe(expected);
});

test.each([
  ["abc", 2, "ab"],
  ["яя", 3, "я"],
  ["a🙂", 4, "a"],
  ["a🙂", 5, "a🙂"],
])("the prefix of %j in %i bytes is %j", (text, maxBytes, expected) => {
  expect(utf8Prefix(text, maxBytes)).toBe(expected);
});

test("keeps a text of exactly the limit", () => {
  const text = "я".repeat(limits.answerMaxBytes / 2);
  expect(fitText(text, "[cut]")).toBe(text);
});

test("cuts a longer text between code points and ends it with the note", () => {
  const fitted = fitText("🙂".repeat(limits.answerMaxBytes), "[cut]");
  expect(utf8Length(fitted)).toBeLessThanOrEqual(limits.answerMaxBytes);
  expect(utf8Length(fitted)).toBeGreaterThan(limits.answerMaxBytes - 4);
  expect(fitted.isWellFormed()).toBe(true);
  expect(fitted).toMatch(/🙂\[cut\]$/u);
});
