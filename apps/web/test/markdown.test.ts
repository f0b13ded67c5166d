import { describe, expect, it } from "vitest";
import { readCode } from "../src/features/chat/answer/markdown/read-code.ts";
import { safeUrl } from "../src/features/chat/answer/markdown/safe-url.ts";
import { splitBlocks } from "../src/features/chat/answer/markdown/split-blocks.ts";

describe("splitting Markdown into blocks", () => {
  it("splits at block boundaries", () => {
    const text =
      "# Head\nA paragraph\nin two lines.\n\n- one\n\n- two\n\n```ts\nconst a = 1;\n\nconst b = 2;\n```\n\nEnd";
    expect(splitBlocks(text).map((block) => block.trim())).toEqual([
      "# Head",
      "A paragraph\nin two lines.",
      "- one\n\n- two",
      "```ts\nconst a = 1;\n\nconst b = 2;\n```",
      "End",
    ]);
  });

  it("changes only the last block while a text is streaming", () => {
    const text =
      "First *one*.\n\nSecond with `code`.\n\n```js\nlet x = 1;\n\nlet y = 2;\n```\n\n1. a\n2. b\n\nThe end.";
    let before: string[] = [];
    for (let length = 1; length <= text.length; length += 1) {
      const blocks = splitBlocks(text.slice(0, length));
      const closed = before.slice(0, -1);
      expect(blocks.slice(0, closed.length)).toEqual(closed);
      before = blocks;
    }
    expect(before).toHaveLength(5);
  });

  it("does not split a text with link definitions", () => {
    const text = "See [this][1].\n\n[1]: https://example.com";
    expect(splitBlocks(text)).toEqual([text]);
  });
});

describe("links in answers", () => {
  it.each([
    ["https://example.com/a?b=c", "https://example.com/a?b=c"],
    ["http://example.com", "http://example.com/"],
    ["mailto:ann@example.com", "mailto:ann@example.com"],
    ["javascript:alert(1)", ""],
    ["JaVaScRiPt:alert(1)", ""],
    ["java\nscript:alert(1)", ""],
    ["data:text/html,<script>alert(1)</script>", ""],
    ["vbscript:x", ""],
    ["//example.com", ""],
    ["/logout", ""],
    ["#top", ""],
    ["", ""],
  ])("%j becomes %j", (address, expected) => {
    expect(safeUrl(address)).toBe(expected);
  });
});

describe("a code block", () => {
  it("yields its text and its language", () => {
    const pre = {
      type: "element" as const,
      tagName: "pre",
      properties: {},
      children: [
        {
          type: "element" as const,
          tagName: "code",
          properties: { className: ["language-ts"] },
          children: [{ type: "text" as const, value: "const a = 1;\n" }],
        },
      ],
    };
    expect(readCode(pre)).toEqual({ code: "const a = 1;", language: "ts" });
    expect(readCode({ ...pre, children: [] })).toEqual({ code: "", language: null });
    expect(readCode(undefined)).toEqual({ code: "", language: null });
  });
});
