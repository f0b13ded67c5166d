import { describe, expect, it } from "vitest";
import { codePointLength } from "../src/text.ts";

describe("codePointLength", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["ёж", 2],
    ["😀😀", 2],
    ["👩‍👩‍👧", 5],
  ])("of %j is %i", (text, length) => {
    expect(codePointLength(text)).toBe(length);
  });
});
