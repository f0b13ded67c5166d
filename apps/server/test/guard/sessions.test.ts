import { signInPerson, testKeys, type Person } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRows, startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { claimsOf, flipEachBit, saysTheSame, signHmac, signRsa, unsigned } from "./support/forge.ts";
import { rawRequest, sendRaw } from "./support/raw-http.ts";

let app: GuardedApp;
let ann: Person;
let bob: Person;

beforeAll(async () => {
  app = await startGuardedApp();
  ann = await signInPerson(app.url, "ann");
  bob = await signInPerson(app.url, "bob");
});

afterAll(() => app.stop());

const tokenOf = (person: Person): string => person.cookie.slice("access_token=".length);
const claims = (): Record<string, unknown> => claimsOf(tokenOf(ann));
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

function without(name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims()).filter(([key]) => key !== name));
}

const paths = ["/me", "/trpc/auth.me"];

async function statusOf(path: string, cookie: string): Promise<number | undefined> {
  const answer = await sendRaw(rawRequest(`GET ${path} HTTP/1.1`, [`Cookie: ${cookie}`]), { port: app.port });
  return answer.statuses[0];
}

interface Forged {
  name: string;
  token: () => string;
}

const forged: Forged[] = [
  { name: "no signature (alg none)", token: () => unsigned(claims()) },
  { name: "no signature (alg None)", token: () => unsigned(claims(), "None") },
  { name: "no signature (alg HS256)", token: () => unsigned(claims(), "HS256") },
  { name: "another secret", token: () => signHmac(claims(), { secret: "x".repeat(32) }) },
  { name: "the secret of development", token: () => signHmac(claims(), { secret: "dev-secret-key-jwt" }) },
  { name: "an empty secret", token: () => signHmac(claims(), { secret: "" }) },
  { name: "the service key as the secret", token: () => signHmac(claims(), { secret: testKeys.messages }) },
  { name: "HS384", token: () => signHmac(claims(), { algorithm: "HS384" }) },
  { name: "HS512", token: () => signHmac(claims(), { algorithm: "HS512" }) },
  { name: "RS256", token: () => signRsa(claims()) },
  {
    name: "RS256 in the header, an HMAC of the secret behind",
    token: () => signHmac(claims(), { header: { alg: "RS256" } }),
  },
  { name: "an unknown critical header", token: () => signHmac(claims(), { header: { crit: ["x"], x: 1 } }) },
  {
    name: "a key in the header",
    token: () => signHmac(claims(), { secret: "k", header: { jwk: { kty: "oct", k: "aw" } } }),
  },
  { name: "expired a minute ago", token: () => signHmac({ ...claims(), exp: nowSeconds() - 60 }) },
  { name: "expired a second ago", token: () => signHmac({ ...claims(), exp: nowSeconds() - 1 }) },
  { name: "an end that is a text", token: () => signHmac({ ...claims(), exp: "9999999999" }) },
  { name: "no end", token: () => signHmac(without("exp")) },
  { name: "no session", token: () => signHmac(without("sid")) },
  { name: "no user", token: () => signHmac(without("sub")) },
  { name: "no time of issue", token: () => signHmac(without("iat")) },
  { name: "not valid yet", token: () => signHmac({ ...claims(), nbf: nowSeconds() + 600 }) },
  { name: "a session that is none", token: () => signHmac({ ...claims(), sid: crypto.randomUUID() }) },
  { name: "a session that is no UUID", token: () => signHmac({ ...claims(), sid: "' or 1=1 --" }) },
  { name: "a session that is a list", token: () => signHmac({ ...claims(), sid: [claims()["sid"]] }) },
  { name: "the session of another user", token: () => signHmac({ ...claims(), sid: claimsOf(tokenOf(bob))["sid"] }) },
  { name: "another user, the own session", token: () => signHmac({ ...claims(), sub: claimsOf(tokenOf(bob))["sub"] }) },
  { name: "the bot", token: () => signHmac({ ...claims(), sub: "1" }) },
  { name: "a user that is no number", token: () => signHmac({ ...claims(), sub: "ann" }) },
  { name: "an empty user", token: () => signHmac({ ...claims(), sub: "" }) },
  { name: "claims that are no object", token: () => signHmac([] as unknown as Record<string, unknown>) },
  { name: "nothing", token: () => "" },
  { name: "dots", token: () => ".." },
  { name: "four parts", token: () => `${tokenOf(ann)}.x` },
  { name: "two parts", token: () => tokenOf(ann).split(".").slice(0, 2).join(".") },
  { name: "15 KiB", token: () => "a".repeat(15 * 1024) },
  { name: "15 KiB behind a good token", token: () => tokenOf(ann) + "A".repeat(14 * 1024) },
  { name: "broken escapes", token: () => "%E0%A4%A" },
  { name: "quotes in quotes", token: () => `"${tokenOf(ann).slice(0, -4)}"` },
];

describe.each(paths)("a session at %s", (path) => {
  test("a good token passes", async () => {
    expect(await statusOf(path, ann.cookie)).toBe(200);
  });

  test.each(forged)("is refused: $name", async ({ token }) => {
    expect(await statusOf(path, `access_token=${token()}`)).toBe(401);
  });

  test("a Google ID token is no session", async () => {
    const minted = await fetch(`${app.url}/dev/google-token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"sub":"ann","email":"ann@example.com"}',
    });
    const { token } = (await minted.json()) as { token: string };
    expect(await statusOf(path, `access_token=${token}`)).toBe(401);
  });

  test.each(["ACCESS_TOKEN", "access_token2", "xaccess_token", "session"])(
    "a cookie named %s is none",
    async (name) => {
      expect(await statusOf(path, `${name}=${tokenOf(ann)}`)).toBe(401);
    },
  );

  test("a token in the address or in Authorization is none", async () => {
    const headers = { authorization: `Bearer ${tokenOf(ann)}` };
    expect((await fetch(`${app.url}${path}?access_token=${tokenOf(ann)}`, { headers })).status).toBe(401);
  });

  test("16 KiB of cookie are refused by their length", async () => {
    expect(await statusOf(path, `access_token=${"a".repeat(17 * 1024)}`)).toBe(431);
  });

  test("of two cookies neither counts, in one header or in two, whatever stands around their names", async () => {
    const good = ann.cookie;
    const bad = "access_token=a.b.c";
    for (const cookies of [
      `${bad}; ${good}`,
      `${bad}\r\nCookie: ${good}`,
      `${good}; ${bad}`,
      `${good};access_token =`,
    ]) {
      expect(await statusOf(path, cookies), cookies).toBe(400);
    }
    expect(await statusOf(path, `${good}; other_access_token=a; access_token_other=b; access_token`)).toBe(200);
  });

  test("any flipped bit of a few hundred is refused", async () => {
    const token = tokenOf(ann);
    const flipped = flipEachBit(token).filter((other, at) => at % 7 === token.length % 7 && !saysTheSame(token, other));
    const usable = flipped.filter((other) => /^[!-:<-~]+$/.test(other));
    for (const other of usable) {
      expect(await statusOf(path, `access_token=${other}`), other).toBe(401);
    }
    expect(usable.length).toBeGreaterThan(100);
  });

  test("the session of before signing out is refused, and only that", async () => {
    const first = await signInPerson(app.url, "carol");
    const second = await signInPerson(app.url, "carol");
    await first.call("POST", "/logout");
    expect(await statusOf(path, first.cookie)).toBe(401);
    expect(await statusOf(path, second.cookie)).toBe(200);
  });

  test("signing out with a forged token ends nobody's session", async () => {
    const token = signHmac(claims(), { secret: "x".repeat(32) });
    await fetch(`${app.url}/logout`, { method: "POST", headers: { cookie: `access_token=${token}` } });
    expect(await statusOf(path, ann.cookie)).toBe(200);
  });

  test("each sign-in opens a session of its own", async () => {
    const first = await signInPerson(app.url, "erin");
    const second = await signInPerson(app.url, "erin");
    expect(claimsOf(tokenOf(first))["sid"]).not.toBe(claimsOf(tokenOf(second))["sid"]);
  });

  test("a row that has expired ends a session whose token has not", async () => {
    const frank = await signInPerson(app.url, "frank");
    const sid = String(claimsOf(tokenOf(frank))["sid"]);
    await readRows(
      app.database,
      `update sessions set expires_at = now() - interval '1 second' where session_id = '${sid}'`,
    );
    expect(await statusOf(path, frank.cookie)).toBe(401);
  });

  test("the session of a deleted user is refused", async () => {
    const dave = await signInPerson(app.url, "dave");
    await readRows(app.database, `delete from users where google_id = 'dave'`);
    expect(await statusOf(path, dave.cookie)).toBe(401);
  });
});

test("no answer tells more of a bad token than that it is bad", async () => {
  const bodies = new Set<string>();
  for (const { token } of forged.filter(({ name }) => name !== "nothing")) {
    const response = await fetch(`${app.url}/me`, { headers: { cookie: `access_token=${token()}` } });
    bodies.add((await response.text()).replace(/"request_id":"[^"]*"/, ""));
  }
  expect([...bodies]).toHaveLength(1);
});
