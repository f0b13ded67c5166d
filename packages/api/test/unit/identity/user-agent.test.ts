import { expect, test } from "vitest";
import { cleanUserAgent } from "../../../src/identity/user-agent.ts";

test.each([
  ["a browser's own", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"],
  ["one with markup, which is text", '<b>x</b> & "y"', '<b>x</b> & "y"'],
  ["one with line breaks and escapes", "a\r\nb\u001b[2Jc\u0000d", "a b [2Jc d"],
  ["one beyond ASCII", "caf\u00e9 \u202e\ud83d\ude00 x", "caf x"],
  ["one with blanks around and in it", "   a    b  ", "a b"],
  ["a long one", "x".repeat(5_000), "x".repeat(200)],
  ["a long one with a blank at the cut", `${"x".repeat(199)} y`, "x".repeat(199)],
  ["an empty one", "", null],
  ["blanks", " \t ", null],
  ["none", undefined, null],
])("of %s is kept what can be shown", (_, header, kept) => {
  expect(cleanUserAgent(header)).toBe(kept);
});
