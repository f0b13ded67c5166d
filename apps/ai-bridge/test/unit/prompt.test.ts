import { describe, expect, test } from "vitest";
import { toPrompt, type Prompt } from "../../src/answerers/model/prompt.ts";
import { runOf } from "../support/dialog.ts";

interface Told {
  instructions?: string;
  systemPrompt?: string | null;
}

const promptOf = (texts: string[], contextTokens: number, { instructions, systemPrompt = null }: Told = {}): Prompt =>
  toPrompt(runOf(texts, instructions), { systemPrompt, contextTokens });

const contentsOf = (...given: Parameters<typeof promptOf>): string[] =>
  promptOf(...given).dialog.map(({ content }) => content);

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

  test.each<[string, Told]>([
    ["the system prompt", { systemPrompt: long("s") }],
    ["the instructions", { instructions: long("i") }],
    ["both, with an empty line between them", { instructions: "i".repeat(38), systemPrompt: "s".repeat(38) }],
  ])("leaves room for %s", (_, told) => {
    const texts = [long("a"), long("b"), long("c")];
    expect(contentsOf(texts, 120, told)).toEqual(texts);
    expect(contentsOf(texts, 119, told)).toEqual([long("c")]);
  });

  test("has the instructions and the question in full when they leave no room for anything else", () => {
    const instructions = "i".repeat(10_000);
    expect(promptOf([long("a"), long("b"), long("c")], 100, { instructions })).toEqual({
      system: instructions,
      dialog: [{ role: "user", content: long("c") }],
    });
  });

  test.each<[string, string | null, string | null]>([
    ["Rhyme.", "Be brief.", "Rhyme.\n\nBe brief."],
    ["Rhyme.", null, "Rhyme."],
    ["", "Be brief.", "Be brief."],
    [" \n", "Be brief.", "Be brief."],
    ["", null, null],
  ])("of the instructions %j and the system prompt %j tells the model %j", (instructions, systemPrompt, system) => {
    expect(promptOf(["Hello"], 100, { instructions, systemPrompt }).system).toBe(system);
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
