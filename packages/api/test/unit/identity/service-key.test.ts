import { describe, expect, test, vi } from "vitest";
import { createEvents, type AppEvent } from "../../../src/events/events.ts";
import { createKeyCheck, createKeyChecks, keyIdOf } from "../../../src/identity/key-check.ts";
import type { ServiceKey } from "../../../src/identity/service-key.ts";
import { requestScope, type RequestFacts } from "../../../src/request-scope.ts";

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

describe("the use of keys", () => {
  const refusals = { missing: "key_missing", wrong: "key_invalid" } as const;
  const stored = { keyId: "3f0a", scopes: ["legacy"], assistantIds: null } satisfies ServiceKey;
  const registry = { find: async (text: string) => (text === "stored" ? stored : undefined) };

  /** The checks, and what they have told. */
  function makeChecks(): { checks: ReturnType<typeof createKeyChecks>; told: AppEvent[] } {
    const told: AppEvent[] = [];
    const events = createEvents((error) => {
      throw error;
    });
    events.subscribe((event) => void told.push(event));
    return { checks: createKeyChecks({ events, isServiceKey: isKey, isHealthKey: isKey, registry }), told };
  }

  test("is told once in each hour, by the beginning of the key's hash", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T10:59:59Z") });
    const { checks, told } = makeChecks();
    await checks.requireServiceKey(key, refusals);
    await checks.requireServiceKey(key, refusals);
    vi.setSystemTime(new Date("2026-01-01T11:00:00Z"));
    await checks.requireServiceKey(key, refusals);
    vi.useRealTimers();
    const use = { kind: "key_used", credential: "X-Messages-Key", keyId: keyIdOf(key) };
    expect(told).toEqual([use, use]);
    expect(keyIdOf(key)).toMatch(/^[0-9a-f]{12}$/);
  });

  test("of a stored key is told by its id", async () => {
    const { checks, told } = makeChecks();
    expect(await checks.requireServiceKey("stored", refusals)).toEqual(stored);
    await checks.requireServiceKey("stored", refusals);
    expect(told).toEqual([{ kind: "key_used", credential: "X-Messages-Key", keyId: "3f0a" }]);
  });

  test("without the scope is refused, and told", async () => {
    const { checks, told } = makeChecks();
    checks.requireScope(stored, ["runs", "legacy"]);
    expect(() => checks.requireScope(stored, ["runs"])).toThrow("scope_missing");
    const refused = { kind: "access_refused", credential: "X-Messages-Key", reason: "scope_missing", keyId: "3f0a" };
    expect(told).toEqual([refused]);
  });

  test("is noted for the request", async () => {
    const facts: RequestFacts = { requestId: "r", locale: "en", address: undefined };
    await requestScope.run(facts, () => makeChecks().checks.requireServiceKey(key, refusals));
    expect(facts.identity).toEqual({ keyId: keyIdOf(key) });
  });

  test.each([
    { presented: `${key}-old`, keyId: keyIdOf(`${key}-old`) },
    // A person's password could be found by its hash.
    { presented: "hunter2", keyId: undefined },
    { presented: undefined, keyId: undefined },
  ])("of the refused key $presented is told with the id $keyId", ({ presented, keyId }) => {
    const { checks, told } = makeChecks();
    expect(() => checks.requireHealthKey(presented)).toThrow("key_refused");
    const reason = presented === undefined ? "missing" : "wrong";
    expect(told).toEqual([
      { kind: "access_refused", credential: "X-Health-Key", reason, ...(keyId === undefined ? {} : { keyId }) },
    ]);
  });
});
