import { describe, expect, test } from "vitest";
import { createKeyCheck } from "../../../src/identity/key-check.ts";

const key = "messages-key-of-tests-0123456789abcdef";
const isKey = createKeyCheck(key);

test("the key passes", () => {
  expect(isKey(key)).toBe(true);
});

const wrong: { name: string; presented: string | undefined }[] = [
  { name: "none", presented: undefined },
  { name: "an empty one", presented: "" },
  { name: "another of the same length", presented: "x".repeat(key.length) },
  { name: "its beginning", presented: key.slice(0, -1) },
  { name: "it and more", presented: `${key}x` },
  { name: "it with a space", presented: ` ${key}` },
  { name: "it with a NUL behind", presented: `${key}\u0000` },
  { name: "it in capitals", presented: key.toUpperCase() },
  { name: "it twice, as Node joins two headers", presented: `${key}, ${key}` },
  { name: "a megabyte", presented: key.repeat(30_000) },
  { name: "one beyond ASCII", presented: "\u00fc\ud83d\ude00".repeat(10) },
  { name: "a lone surrogate", presented: "\ud800" },
  { name: "__proto__", presented: "__proto__" },
];

describe("is refused", () => {
  test.each(wrong)("$name", ({ presented }) => {
    expect(isKey(presented)).toBe(false);
  });

  test("every key that differs in one bit", () => {
    for (let at = 0; at < key.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = String.fromCharCode(key.charCodeAt(at) ^ (1 << bit));
        expect(isKey(key.slice(0, at) + changed + key.slice(at + 1))).toBe(false);
      }
    }
  });
});

test("a key beyond ASCII is told from one that looks like it", () => {
  const accented = createKeyCheck("cl\u00e9-".repeat(10));
  expect(accented("cl\u00e9-".repeat(10))).toBe(true);
  expect(accented("cle\u0301-".repeat(10))).toBe(false);
});

test("while a key is replaced both pass, and nothing else", () => {
  const both = createKeyCheck(key, "the-next-key");
  expect([key, "the-next-key"].map((presented) => both(presented))).toEqual([true, true]);
  expect([undefined, "", "the-next-ke", `${key}the-next-key`].some((presented) => both(presented))).toBe(false);
});

test("where no key is set, none passes", () => {
  const unset = createKeyCheck("");
  expect(unset(undefined)).toBe(false);
  expect(unset("")).toBe(false);
});
