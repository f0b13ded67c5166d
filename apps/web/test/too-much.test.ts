import { describe, expect, test } from "vitest";
import { isTooDeep, isTooDense } from "../src/features/chat/markdown/too-much.ts";

describe("a text nests too deeply to be set", () => {
  test.each([
    { name: "quotes", text: "> ".repeat(3_000), expected: true },
    { name: "quotes without spaces", text: ">".repeat(3_000), expected: true },
    { name: "numbers", text: `Before\n\n${"1. ".repeat(3_000)}`, expected: true },
    { name: "a mixture", text: "> - 1) ".repeat(20), expected: true },
    { name: "what people write", text: "> > - 1. a quote\n\n- - a list\n\n---\n\n* * *", expected: false },
    { name: "code", text: `\`\`\`\n${"> ".repeat(3_000)}\n\`\`\`\nend`, expected: false },
    { name: "code that is not closed yet", text: `~~~\n\`\`\`\n${"> ".repeat(3_000)}`, expected: false },
    { name: "what follows code", text: `\`\`\`\n\`\`\`\n${"> ".repeat(3_000)}`, expected: true },
  ])("$name: $expected", ({ text, expected }) => {
    expect(isTooDeep(text)).toBe(expected);
  });
});

describe("a block holds too much to be set", () => {
  test.each([
    { name: "stars", text: "a*".repeat(2_000), expected: true },
    { name: "strokes", text: "~~a".repeat(2_000), expected: true },
    { name: "backslashes", text: "\\".repeat(2_000), expected: true },
    { name: "lines of quoted lists", text: "\n> - ".repeat(2_000), expected: true },
    { name: "a hundred lines", text: "> - a\n".repeat(100), expected: false },
    { name: "brackets", text: "[".repeat(2_000), expected: true },
    { name: "a long list with bold words", text: "- a **word** in it\n".repeat(300), expected: false },
    { name: "code", text: `\`\`\`c\n${"a *b = _c[0];\n".repeat(2_000)}\`\`\``, expected: false },
  ])("$name: $expected", ({ text, expected }) => {
    expect(isTooDense(text)).toBe(expected);
  });
});
