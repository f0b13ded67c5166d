import { signInPerson, testKeys } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { rawRequest, sendRaw } from "./support/raw-http.ts";

let app: GuardedApp;
let cookie: string;

beforeAll(async () => {
  app = await startGuardedApp();
  cookie = (await signInPerson(app.url, "ann")).cookie;
});

afterAll(() => app.stop());

const guarded = [
  {
    header: "X-Messages-Key",
    key: testKeys.messages,
    other: testKeys.health,
    targets: ["/messages", "/trpc/messages.pending"],
  },
  {
    header: "X-Health-Key",
    key: testKeys.health,
    other: testKeys.messages,
    targets: ["/health", "/trpc/health.check"],
  },
];

const cases = guarded.flatMap(({ targets, ...rest }) => targets.map((target) => ({ ...rest, target })));

describe.each(cases)("$header at $target", ({ header, key, other, target }) => {
  async function statusWith(...lines: string[]): Promise<number | undefined> {
    return (await sendRaw(rawRequest(`GET ${target} HTTP/1.1`, lines), { port: app.port })).statuses[0];
  }

  test("the key passes, whatever the case of the header's name", async () => {
    expect(await statusWith(`${header}: ${key}`)).toBe(200);
    expect(await statusWith(`${header.toUpperCase()}: ${key}`)).toBe(200);
  });

  test("the key passes as the bearer token", async () => {
    expect(await statusWith(`Authorization: Bearer ${key}`)).toBe(200);
    expect(await statusWith(`authorization: bearer ${key}`)).toBe(200);
  });

  test("the key passes beside the credentials of a proxy", async () => {
    expect(await statusWith(`${header}: ${key}`, "Authorization: Basic YTpi")).toBe(200);
  });

  const wrong = [
    { name: "none", lines: [] },
    { name: "an empty one", lines: [`${header}:`] },
    { name: "a wrong one", lines: [`${header}: ${"x".repeat(key.length)}`] },
    { name: "its beginning", lines: [`${header}: ${key.slice(0, -1)}`] },
    { name: "it and more", lines: [`${header}: ${key}x`] },
    { name: "in capitals", lines: [`${header}: ${key.toUpperCase()}`] },
    { name: "a very long one", lines: [`${header}: ${"x".repeat(14_000)}`] },
    { name: "one beyond ASCII", lines: [`${header}: \u00fc\u00e9\u00ff${key}`] },
    { name: "it twice", lines: [`${header}: ${key}`, `${header}: ${key}`] },
    { name: "a wrong one and it", lines: [`${header}: x`, `${header}: ${key}`] },
    { name: "it and a wrong one", lines: [`${header}: ${key}`, `${header}: x`] },
    { name: "the key of the other purpose", lines: [`${header}: ${other}`] },
    {
      name: "it under the other header",
      lines: [`${header === "X-Health-Key" ? "X-Messages-Key" : "X-Health-Key"}: ${key}`],
    },
    { name: "the key of the other purpose as a bearer", lines: [`Authorization: Bearer ${other}`] },
    { name: "it as basic credentials", lines: [`Authorization: Basic ${key}`] },
    { name: "it in Authorization without a scheme", lines: [`Authorization: ${key}`] },
    { name: "it as a cookie", lines: [`Cookie: ${header}=${key}`] },
    { name: "it with underscores in the name", lines: [`${header.replaceAll("-", "_")}: ${key}`] },
  ];

  test.each(wrong)("$name is refused", async ({ lines }) => {
    expect(await statusWith(...lines)).toBe(403);
  });

  test.each(["Bearer KEY x", "Bearer\tKEY", "Bearer \tKEY", "BearerKEY", "Bearer,KEY", "\u00a0Bearer KEY", "Bearer"])(
    "%j in Authorization is malformed, whatever is beside it",
    async (form) => {
      const line = `Authorization: ${form.replace("KEY", key)}`;
      expect(await statusWith(line)).toBe(400);
      expect(await statusWith(line, `${header}: ${key}`)).toBe(400);
    },
  );

  test("it in the address is refused", async () => {
    const answer = await sendRaw(rawRequest(`GET ${target}?${header}=${key} HTTP/1.1`), { port: app.port });
    expect(answer.statuses).toEqual([403]);
  });
});

describe("two credentials in one request", () => {
  const kinds = {
    "a cookie": () => `Cookie: ${cookie}`,
    "a cookie that is none": () => "Cookie: access_token=garbage",
    "the service key": () => `X-Messages-Key: ${testKeys.messages}`,
    "a wrong service key": () => "X-Messages-Key: wrong",
    "the operators' key": () => `X-Health-Key: ${testKeys.health}`,
    "a bearer token": () => `Authorization: Bearer ${testKeys.messages}`,
  };
  const pairs: [keyof typeof kinds, keyof typeof kinds][] = [
    ["a cookie", "the service key"],
    ["a cookie", "a wrong service key"],
    ["a cookie", "the operators' key"],
    ["a cookie", "a bearer token"],
    ["a cookie that is none", "the service key"],
    ["the service key", "the operators' key"],
    ["the service key", "a bearer token"],
    ["the operators' key", "a bearer token"],
    ["a bearer token", "a bearer token"],
    ["a cookie", "a cookie"],
    ["a cookie", "a cookie that is none"],
    ["a cookie that is none", "a cookie"],
  ];
  const targets = [
    "/me",
    "/messages",
    "/health",
    "/config",
    "/trpc/auth.me",
    "/trpc/messages.pending",
    "/trpc/health.check",
  ];

  test.each(pairs)("%s and %s are refused everywhere, whatever either alone may do", async (one, other) => {
    for (const target of targets) {
      const answer = await sendRaw(rawRequest(`GET ${target} HTTP/1.1`, [kinds[one](), kinds[other]()]), {
        port: app.port,
      });
      expect([target, answer.statuses[0]]).toEqual([target, 400]);
      expect(answer.text).toContain("credentials_mixed");
    }
  });
});
