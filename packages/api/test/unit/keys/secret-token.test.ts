import { describe, expect, it } from "vitest";
import { createSecretToken, hashOfSecret, isSecretToken } from "../../../src/keys/secret-token.ts";

const { secret, hash, prefix } = createSecretToken("dbk_");

describe("a service key", () => {
  it("has a form that scanners for leaked secrets can find", () => {
    expect(secret).toMatch(/^dbk_[0-9A-Za-z]{49}$/);
    expect(isSecretToken("dbk_", secret)).toBe(true);
    expect(prefix).toBe(secret.slice(0, 10));
    expect(hash).toBe(hashOfSecret(secret));
  });

  it("has that form however small its random number is", () => {
    // CRC-32 as every library computes it, in base 62.
    expect(isSecretToken("dbk_", `dbk_${"0".repeat(43)}1hosuG`)).toBe(true);
    for (let count = 0; count < 200; count += 1) {
      const each = createSecretToken("dbp_");
      expect(each.secret).toHaveLength(53);
      expect(isSecretToken("dbp_", each.secret)).toBe(true);
    }
  });

  it("is refused with any one character mistyped", () => {
    for (let at = 0; at < secret.length; at += 1) {
      const other = secret.charAt(at) === "x" ? "y" : "x";
      expect(isSecretToken("dbk_", secret.slice(0, at) + other + secret.slice(at + 1))).toBe(false);
    }
  });

  it("is refused with two neighbours exchanged", () => {
    for (let at = 4; at < secret.length - 1; at += 1) {
      const [one, other] = [secret.charAt(at), secret.charAt(at + 1)];
      if (one === other) continue;
      expect(isSecretToken("dbk_", secret.slice(0, at) + other + one + secret.slice(at + 2))).toBe(false);
    }
  });

  it.each([
    ["nothing", ""],
    ["its beginning", secret.slice(0, -1)],
    ["it and more", `${secret}0`],
    ["a personal token", createSecretToken("dbp_").secret],
    ["it with a line behind", `${secret.slice(0, -1)}\n`],
    ["what a prototype has", "__proto__"],
  ])("%s is none", (_, text) => {
    expect(isSecretToken("dbk_", text)).toBe(false);
  });

  it("differs from every other", () => {
    expect(new Set(Array.from({ length: 1_000 }, () => createSecretToken("dbk_").secret)).size).toBe(1_000);
  });
});
