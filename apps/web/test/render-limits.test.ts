import { describe, expect, test } from "vitest";
import { isTooDeep, isTooDense } from "../src/features/chat/answer/markdown/render-limits.ts";

describe("a text is nested too deeply to render", () => {
  test.each([
    { name: "quotes", text: "> ".repeat(3_000), expected: true },
    { name: "quotes without spaces", text: ">".repeat(3_000), expected: true },
    { name: "numbers", text: `Before\n\n${"1. ".repeat(3_000)}`, expected: true },
    { name: "a mixture", text: "> - 1) ".repeat(20), expected: true },
    { name: "ordinary text", text: "> > - 1. a quote\n\n- - a list\n\n---\n\n* * *", expected: false },
    { name: "code", text: `\`\`\`\n${"> ".repeat(3_000)}\n\`\`\`\nend`, expected: false },
    { name: "an unclosed code block", text: `~~~\n\`\`\`\n${"> ".repeat(3_000)}`, expected: false },
    { name: "text after code", text: `\`\`\`\n\`\`\`\n${"> ".repeat(3_000)}`, expected: true },
  ])("$name: $expected", ({ text, expected }) => {
    expect(isTooDeep(text)).toBe(expected);
  });
});

describe("a block is too dense to render", () => {
  test.each([
    { name: "stars", text: "a*".repeat(2_000), expected: true },
    { name: "strikethrough", text: "~~a".repeat(2_000), expected: true },
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
