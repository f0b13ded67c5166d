import { describe, expect, test } from "vitest";
import { toPrompt } from "../../src/answerers/model/prompt.ts";
import { dialogOf } from "../support/dialog.ts";

const contentsOf = (texts: string[], contextTokens: number, systemPrompt: string | null = null): unknown[] => {
  const { system, dialog } = toPrompt(dialogOf(...texts), { systemPrompt, contextTokens });
  expect(system).toBe(systemPrompt);
  return dialog.map(({ content }) => content);
};

/** Thirty tokens by the estimate, four of them for the message itself. */
const long = (letter: string): string => letter.repeat(78);

describe("a prompt", () => {
  test("is the whole dialog when that fits, to the last token", () => {
    const texts = [long("a"), long("b"), long("c")];
    expect(contentsOf(texts, 90)).toEqual(texts);
  });

  test("loses its oldest messages when it does not fit, and begins with a question", () => {
    const texts = [long("a"), long("b"), long("c"), long("d"), long("e")];
    expect(contentsOf(texts, 149)).toEqual(texts.slice(2));
    expect(contentsOf(texts, 119)).toEqual(texts.slice(2));
  });

  test("leaves room for the system prompt", () => {
    const texts = [long("a"), long("b"), long("c")];
    expect(contentsOf(texts, 119, long("s"))).toEqual([long("c")]);
  });

  test("has the question, however long it is", () => {
    expect(contentsOf([long("a"), long("b"), "c".repeat(10_000)], 100)).toEqual(["c".repeat(10_000)]);
  });

  test("counts bytes, not letters: Russian has two to a letter", () => {
    const texts = ["д".repeat(39), "и", "а"];
    expect(contentsOf(texts, 40)).toEqual(texts);
    expect(contentsOf(texts, 39)).toEqual(["а"]);
  });
});
