import { openTestDatabase } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootApp, connectApi, mintDevToken, runSql, sessionTokenOf, useApi } from "../support/api.ts";
import { clientId, startGoogle, type Google } from "../support/google.ts";
import { request } from "../support/http.ts";
import { expectProblem, expectRefusal, languages, russian } from "../support/problem.ts";

const now = (): number => Math.floor(Date.now() / 1000);
const names = { given_name: "Анна", family_name: "O'Neil", picture: "https://example.com/a.png?s=1" };

describe("POST /create/users", () => {
  const api = useApi();
  const signIn = async (claims: Parameters<typeof api.signIn>[0]) =>
    api.call("POST /create/users", { json: { token: await mintDevToken(api.request, claims) } });

  it("answers with the claims and sets the cookie", async () => {
    const reply = await signIn({ email: "anna@example.com", ...names });
    expect([reply.status, reply.body]).toEqual([200, { status: "successful", email: "anna@example.com", ...names }]);
    expect(sessionTokenOf(reply)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it("gives null for each claim that the token does not have", async () => {
    const reply = await signIn({ email: "nobody@example.com" });
    const absent = { given_name: null, family_name: null, picture: null };
    expect(reply.body).toEqual({ status: "successful", email: "nobody@example.com", ...absent });
    const headers = { Cookie: `access_token=${sessionTokenOf(reply)}` };
    expect((await api.call("GET /me", { headers })).body).toMatchObject({ content: [absent] });
  });

  it("ignores more keys", async () => {
    const token = await mintDevToken(api.request);
    const { status } = await api.call("POST /create/users", { json: { token, clientId: "x", select_by: { btn: 1 } } });
    expect(status).toBe(200);
  });

  it("does not care who is signed in already", async () => {
    const person = await api.signIn();
    const json = { token: await mintDevToken(api.request, { sub: "somebody-else", email: "else@example.com" }) };
    expect((await person.call("POST /create/users", { json })).body).toMatchObject({ email: "else@example.com" });
  });

  it("takes the same account for the same user, and renews the names", async () => {
    const first = await api.signIn({ sub: "the-same", email: "before@example.com", given_name: "Before" });
    const second = await api.signIn({ sub: "the-same", email: "after@example.com", ...names });
    expect(second.userId).toBe(first.userId);
    for (const { call } of [first, second]) {
      const { body } = await call("GET /me");
      expect(body).toMatchObject({ content: [{ id: first.userId, email: "after@example.com", ...names }] });
    }
  });

  it("knows accounts by their subject, not by their address", async () => {
    const [first, second] = [
      await api.signIn({ email: "shared@example.com" }),
      await api.signIn({ email: "shared@example.com" }),
    ];
    expect(second.userId).not.toBe(first.userId);
  });

  it("leaves the bot's row, id 1, as it is", async () => {
    const readBot = () =>
      runSql(api.database, "select user_id, mail, google_id, given_name from users where user_id = 1");
    const before = await readBot();
    const person = await api.signIn();
    expect(person.userId).toBeGreaterThan(1);
    expect(before).toHaveLength(1);
    expect(await readBot()).toEqual(before);
  });

  it.for([
    ["no body", {}],
    ["no token", { json: {} }],
    ["a null token", { json: { token: null } }],
    ["an empty token", { json: { token: "" } }],
  ] as const)("refuses %s with 400", async ([, options]) => {
    for (const language of languages) {
      const headers = { "Accept-Language": language };
      expectRefusal(await api.call("POST /create/users", { ...options, headers }), {
        status: 400,
        language,
        words: russian.noGoogleToken,
      });
    }
  });

  it.for([
    ["a number", 12],
    ["a list", ["x"]],
    ["an object", {}],
    ["true", true],
  ] as const)("refuses %s in place of the token with 422", async ([, token]) => {
    expectProblem(await api.request("POST /create/users", { json: { token } }), 422);
  });

  it("has a document that lists the refusal of a token that is no text", async () => {
    expectProblem(await api.call("POST /create/users", { json: { token: 12 } }), 422);
  });

  it.for(["garbage", "a.b.c", "\u0000", "x".repeat(10_000)])(
    "refuses %j with 401 and sets no cookie",
    async (token) => {
      for (const language of languages) {
        const headers = { "Accept-Language": language };
        const reply = await api.call("POST /create/users", { json: { token }, headers });
        expectRefusal(reply, { status: 401, language, words: russian.badGoogleToken });
        expect(reply.headers["set-cookie"]).toBeUndefined();
      }
    },
  );
});

describe("a token of Google's", () => {
  let google: Google;
  let stop: () => Promise<void>;
  let url: string;
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  const api = connectApi(() => ({ url, database }));
  beforeAll(async () => {
    google = await startGoogle();
    database = await openTestDatabase("embedded");
    ({ url, stop } = await bootApp(database, {}, { clientId, certificatesUrl: google.certificatesUrl }));
  });
  afterAll(async () => {
    await stop();
    await database.close();
    await google.stop();
  });
  const present = (token: string) => api.call("POST /create/users", { json: { token } });

  it.for(["https://accounts.google.com", "accounts.google.com"])("is good from the issuer %s", async (iss) => {
    const reply = await present(await google.mint({ claims: { iss } }));
    expect([reply.status, reply.body]).toMatchObject([200, { status: "successful", email: "anna@example.com" }]);
  });

  it("is good with more claims than we read", async () => {
    expect(
      (await present(await google.mint({ claims: { hd: "example.com", nonce: "n", azp: clientId } }))).status,
    ).toBe(200);
  });

  it.for([
    ["for another client", () => ({ claims: { aud: "another-client.apps.googleusercontent.com" } })],
    ["from another issuer", () => ({ claims: { iss: "https://accounts.example.com" } })],
    ["that has expired", () => ({ claims: { iat: now() - 7200, exp: now() - 3600 } })],
    ["without an expiry", () => ({ claims: { exp: undefined } })],
    ["from the future", () => ({ claims: { iat: now() + 7200, exp: now() + 10_800 } })],
    ["under a key id that Google does not have", () => ({ kid: "unknown" })],
    ["under somebody else's key", () => ({ key: "foreign" as const })],
    ["that is not signed", () => ({ key: "none" as const })],
    ["signed with the public key as a secret", () => ({ key: "public-as-secret" as const })],
    ["without a subject", () => ({ claims: { sub: undefined } })],
  ] as const)("is refused %s", async ([, options]) => {
    const reply = await present(await google.mint(options()));
    expectProblem(reply, 401);
    expect(reply.headers["set-cookie"]).toBeUndefined();
  });

  it("is no way in where the development sign-in is off", async () => {
    const json = { sub: "x", email: "x@example.com" };
    expectProblem(await api.request("POST /dev/google-token", { json }), 404);
  });

  it("cannot be checked while Google's certificates are out of reach: 503", async () => {
    const cut = await bootApp(database, {}, { clientId, certificatesUrl: google.deadUrl });
    const token = await google.mint({});
    for (const language of languages) {
      const options = { json: { token }, headers: { "Accept-Language": language } };
      expectRefusal(await request(cut.url, "POST /create/users", options), { status: 503, language });
    }
    await cut.stop();
  });
});
