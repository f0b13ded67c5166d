import { createHmac } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { createSessionTokens, sessionAlgorithms } from "../../../src/identity/authenticate.ts";

const secret = "session-secret-of-tests-0123456789abcdef";
const lifetimeMs = 60_000;
const tokens = createSessionTokens({ secrets: [secret], algorithm: "HS256", lifetimeMs });
const claims = { userId: 7, sessionId: "0f9e3c52-6f1d-4f0c-9f39-0a1d2c3b4e5f" };

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function signed(payload: unknown, { header = {}, hash = "sha256", key = secret } = {}): string {
  const text = `${encode({ alg: "HS256", typ: "JWT", ...header })}.${encode(payload)}`;
  return `${text}.${createHmac(hash, key).update(text).digest("base64url")}`;
}

const now = Math.floor(Date.now() / 1000);
const payload = { sub: "7", sid: claims.sessionId, iat: now, exp: now + 60 };

test("what was signed is verified", async () => {
  expect(await tokens.verify(await tokens.sign(claims))).toEqual({ ...claims, renewalDue: false });
  expect(await tokens.verify(signed(payload))).toEqual({ ...claims, renewalDue: false });
});

test("a token is due for renewal once half of its life is over, whether it was verified before or not", async () => {
  const halfOver = signed({ ...payload, iat: now - 31, exp: now + 29 });
  for (const _ of ["first", "remembered"])
    expect(await tokens.verify(halfOver)).toEqual({ ...claims, renewalDue: true });
});

const headOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as Record<string, unknown>;

test("the claims are the contract's: sub as text, sid, whole seconds, the lifetime", async () => {
  const token = await tokens.sign(claims);
  const [, body = ""] = token.split(".");
  expect(headOf(token)).toEqual({ alg: "HS256", typ: "JWT", kid: expect.stringMatching(/^[\w-]{11}$/) });
  const read = JSON.parse(Buffer.from(body, "base64url").toString()) as { iat: number; exp: number };
  expect(read).toEqual({ sub: "7", sid: claims.sessionId, iat: read.iat, exp: read.iat + lifetimeMs / 1000 });
  expect(Number.isInteger(read.iat)).toBe(true);
});

describe.each(sessionAlgorithms)("with %s", (algorithm) => {
  const own = createSessionTokens({ secrets: [secret], algorithm, lifetimeMs });

  test.each(sessionAlgorithms.filter((other) => other !== algorithm))("a token of %s is refused", async (other) => {
    const token = await createSessionTokens({ secrets: [secret], algorithm: other, lifetimeMs }).sign(claims);
    expect(await own.verify(token)).toBeUndefined();
  });

  test("another secret is refused", async () => {
    const token = await createSessionTokens({ secrets: [`${secret}x`], algorithm, lifetimeMs }).sign(claims);
    expect(await own.verify(token)).toBeUndefined();
  });

  test("any single bit that changes what a token says is refused", async () => {
    const token = await own.sign(claims);
    // Remembering the right one must not let a wrong one in.
    expect(await own.verify(token)).toMatchObject(claims);
    for (const other of flipEachBit(token)) {
      if (saysTheSame(token, other)) continue;
      expect(await own.verify(other), other).toBeUndefined();
    }
  });
});

describe("while a secret is replaced", () => {
  const next = "the-next-secret-of-tests-0123456789abcdef";
  const lifetime = { algorithm: "HS256", lifetimeMs } as const;
  const announced = createSessionTokens({ secrets: [secret, next], ...lifetime });
  const switched = createSessionTokens({ secrets: [next, secret], ...lifetime });
  const finished = createSessionTokens({ secrets: [next], ...lifetime });

  test("each secret has its own kid, which does not depend on the order", async () => {
    const [old, first, second, last] = await Promise.all(
      [tokens, announced, switched, finished].map(async ({ sign }) => headOf(await sign(claims))["kid"]),
    );
    expect(first).toBe(old);
    expect(second).toBe(last);
    expect(last).not.toBe(old);
  });

  test.each([
    { name: "before and in the first step", one: tokens, other: announced },
    { name: "in the first and the second step", one: announced, other: switched },
    { name: "in the second and the last step", one: switched, other: finished },
  ])("servers $name accept each other's new tokens", async ({ one, other }) => {
    expect(await one.verify(await other.sign(claims))).toMatchObject(claims);
    expect(await other.verify(await one.sign(claims))).toMatchObject(claims);
  });

  test("a token without kid is verified with every secret", async () => {
    expect(await switched.verify(signed(payload))).toMatchObject(claims);
    expect(await switched.verify(signed(payload, { key: next }))).toMatchObject(claims);
    expect(await switched.verify(signed(payload, { key: "another" }))).toBeUndefined();
  });

  test("the old secret ends with the last step", async () => {
    expect(await finished.verify(await tokens.sign(claims))).toBeUndefined();
    expect(await finished.verify(signed(payload))).toBeUndefined();
  });

  test("kid chooses the secret: under the name of another one nothing is verified", async () => {
    const { kid } = headOf(await finished.sign(claims));
    expect(await switched.verify(signed(payload, { header: { kid } }))).toBeUndefined();
    expect(await switched.verify(signed(payload, { header: { kid }, key: next }))).toMatchObject(claims);
    expect(await switched.verify(signed(payload, { header: { kid: "unknown" } }))).toBeUndefined();
    expect(await switched.verify(signed(payload, { header: { kid: ["unknown"] } }))).toBeUndefined();
  });
});

/** Every text that differs in one bit of one character. */
function flipEachBit(token: string): string[] {
  const characters = Array.from(token, (character) => character.charCodeAt(0));
  return characters.flatMap((code, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => {
      const flipped = String.fromCharCode(code ^ (1 << bit));
      return token.slice(0, at) + flipped + token.slice(at + 1);
    }),
  );
}

/** The last character of the signature has spare bits: the same signature can be written in more than one way. */
function saysTheSame(one: string, other: string): boolean {
  const at = one.lastIndexOf(".") + 1;
  const signature = (token: string): Buffer => Buffer.from(token.slice(at), "base64url");
  return (
    one.slice(0, at) === other.slice(0, at) &&
    /^[\w-]+$/.test(other.slice(at)) &&
    signature(one).equals(signature(other))
  );
}

test("a token that was verified before ends with its lifetime", async () => {
  const token = await tokens.sign(claims);
  expect(await tokens.verify(token)).toMatchObject(claims);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + lifetimeMs });
  try {
    expect(await tokens.verify(token)).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});

const refused: { name: string; token: string }[] = [
  { name: "no signature", token: `${encode({ alg: "none" })}.${encode(payload)}.` },
  { name: "no signature, called HS256", token: `${encode({ alg: "HS256" })}.${encode(payload)}.` },
  { name: "an unknown critical header", token: signed(payload, { header: { crit: ["b64"], b64: false } }) },
  { name: "SHA-512 under the name of HS256", token: signed(payload, { hash: "sha512" }) },
  { name: "an empty secret", token: signed(payload, { key: "" }) },
  { name: "an end in the past", token: signed({ ...payload, exp: now - 1 }) },
  { name: "an end of now", token: signed({ ...payload, exp: now }) },
  { name: "an end that is no number", token: signed({ ...payload, exp: String(now + 60) }) },
  { name: "no end", token: signed({ ...payload, exp: undefined }) },
  { name: "no beginning", token: signed({ ...payload, iat: undefined }) },
  { name: "no session", token: signed({ ...payload, sid: undefined }) },
  { name: "no user", token: signed({ ...payload, sub: undefined }) },
  { name: "a session that is no UUID", token: signed({ ...payload, sid: "1" }) },
  { name: "a session in braces", token: signed({ ...payload, sid: `{${claims.sessionId}}` }) },
  { name: "a session with a line behind", token: signed({ ...payload, sid: `${claims.sessionId}\n` }) },
  { name: "a user that is no number", token: signed({ ...payload, sub: "x" }) },
  { name: "a user beyond whole numbers", token: signed({ ...payload, sub: "9007199254740993" }) },
  { name: "a fraction of a user", token: signed({ ...payload, sub: "7.5" }) },
  { name: "an empty user", token: signed({ ...payload, sub: "" }) },
  { name: "a blank user", token: signed({ ...payload, sub: " " }) },
  { name: "a user that is a JSON number", token: signed({ ...payload, sub: 7 }) },
  { name: "a list for claims", token: signed([]) },
  { name: "null for claims", token: signed(null) },
  { name: "a text for claims", token: signed("x") },
  { name: "nothing", token: "" },
  { name: "dots", token: ".." },
  { name: "more dots", token: "....." },
  { name: "a megabyte", token: "a".repeat(1024 * 1024) },
  { name: "what is beyond ASCII", token: "\u00e9.\ud83d\ude00.\ud800" },
];

describe("is refused without an exception", () => {
  test.each(refused)("$name", async ({ token }) => {
    expect(await tokens.verify(token)).toBeUndefined();
  });
});
