import { testKeys } from "@deepbot/testing";
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT, type JWTPayload } from "jose";
import { describe, expect, it } from "vitest";
import { bootApp, mintDevToken, personWith, runSql, sessionTokenOf, useApi, type Person } from "../support/api.ts";
import { request, type Reply } from "../support/http.ts";
import { expectProblem, expectRefusal, languages, russian } from "../support/problem.ts";

const secretOf = (text: string) => new TextEncoder().encode(text);
const daySeconds = 86_400;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** A cookie line as its name and value, and its attributes in lower case. */
function readCookie({ headers }: Reply): { pair: string; attributes: string[] } {
  const [pair = "", ...attributes] = (headers["set-cookie"]?.[0] ?? "").split(/;\s*/);
  return { pair, attributes: attributes.map((attribute) => attribute.toLowerCase()).toSorted() };
}

async function sign(claims: JWTPayload, { secret = testKeys.jwt, alg = "HS256" } = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT" }).sign(secretOf(secret));
}

function without(claims: JWTPayload, name: string): JWTPayload {
  return Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
}

describe("signed in", () => {
  const api = useApi();
  const tryToken = (token: string, language = "en") =>
    api.call("GET /me", { headers: { Cookie: `access_token=${token}`, "Accept-Language": language } });

  describe("a session", () => {
    describe("GET /me", () => {
      it("gives the signed-in user, as a list of one", async () => {
        const claims = {
          email: "anna@example.com",
          given_name: "Анна",
          family_name: "Ли",
          picture: "https://example.com/a.png",
        };
        const person = await api.signIn(claims);
        const { status, body } = await person.call("GET /me");
        expect([status, body]).toEqual([200, { server: "ok", content: [{ id: person.userId, ...claims }] }]);
        expect(person.userId).toEqual(expect.any(Number));
      });

      it("finds the cookie among others", async () => {
        const { cookie, userId } = await api.signIn();
        const headers = { Cookie: `theme=dark; ${cookie}; other="x y"` };
        expect((await api.call("GET /me", { headers })).body).toMatchObject({ content: [{ id: userId }] });
      });

      it.for(languages)("without a cookie is 401 to a person who reads %s", async (language) => {
        for (const cookie of [{}, { Cookie: "theme=dark" }]) {
          const reply = await api.call("GET /me", { headers: { ...cookie, "Accept-Language": language } });
          expectRefusal(reply, { status: 401, language, words: russian.noCookie });
        }
      });
    });

    describe("the token", () => {
      it("names the user and the session and lasts a day", async () => {
        const { token, userId } = await api.signIn();
        const claims = decodeJwt(token);
        expect(decodeProtectedHeader(token).alg).toBe("HS256");
        expect(claims).toMatchObject({ sub: String(userId), sid: expect.any(String), iat: expect.any(Number) });
        expect(Number(claims.exp) - Number(claims.iat)).toBe(daySeconds);
        expect(Math.abs(Number(claims.iat) - nowSeconds())).toBeLessThan(60);
      });

      it("names another session at each sign-in", async () => {
        const [first, second] = [await api.signIn({ sub: "twice" }), await api.signIn({ sub: "twice" })];
        expect(decodeJwt(first.token)["sid"]).not.toBe(decodeJwt(second.token)["sid"]);
      });

      it("is good when somebody else signs the same claims with our secret: the following refusals mean something", async () => {
        const { token } = await api.signIn();
        expect((await tryToken(await sign(decodeJwt(token)))).status).toBe(200);
      });

      const unknownSession = "00000000-0000-4000-8000-000000000000";
      it.for<[string, (person: Person, claims: JWTPayload) => Promise<string> | string]>([
        ["garbage", () => "garbage"],
        ["cut short", ({ token }) => token.slice(0, -4)],
        ["with a signature of another token", ({ token }) => `${token.split(".").slice(0, 2).join(".")}.AAAA`],
        ["under another secret", (_, claims) => sign(claims, { secret: "another secret, just as long as ours" })],
        ["of another algorithm", (_, claims) => sign(claims, { alg: "HS512" })],
        ["not signed", (_, claims) => new UnsecuredJWT(claims).encode()],
        ["without exp", (_, claims) => sign(without(claims, "exp"))],
        ["without sid", (_, claims) => sign(without(claims, "sid"))],
        ["without sub", (_, claims) => sign(without(claims, "sub"))],
        [
          "expired",
          (_, claims) => sign({ ...claims, iat: nowSeconds() - 2 * daySeconds, exp: nowSeconds() - daySeconds }),
        ],
        ["of no session", (_, claims) => sign({ ...claims, sid: unknownSession })],
        ["with a sid that is no id", (_, claims) => sign({ ...claims, sid: "'; drop table sessions; --" })],
        ["of another user's session", (_, claims) => sign({ ...claims, sub: "1" })],
      ])("is refused when it is %s", async ([, make]) => {
        const person = await api.signIn();
        const token = await make(person, decodeJwt(person.token));
        for (const language of languages) {
          expectRefusal(await tryToken(token, language), { status: 401, language, words: russian.badToken });
        }
      });

      it("is refused once its user is deleted", async () => {
        const { token, userId } = await api.signIn();
        await runSql(api.database, `delete from users where user_id = ${userId}`);
        expectProblem(await tryToken(token), 401);
      });

      it("is signed by the algorithm that ALGORITHM names, and no other is taken then", async () => {
        const { url, stop } = await bootApp(api.database, { ALGORITHM: "HS512" });
        const json = { token: await mintDevToken((target, options) => request(url, target, options)) };
        const token = sessionTokenOf(await request(url, "POST /create/users", { json }));
        expect(decodeProtectedHeader(token).alg).toBe("HS512");
        const statuses = [token, await sign(decodeJwt(token))].map(async (value) => {
          const { status } = await request(url, "GET /me", { headers: { Cookie: `access_token=${value}` } });
          return status;
        });
        expect(await Promise.all(statuses)).toEqual([200, 401]);
        await stop();
      });
    });

    describe("POST /logout", () => {
      it("ends the session and expires the cookie", async () => {
        const person = await api.signIn();
        const reply = await person.call("POST /logout");
        expect([reply.status, reply.body]).toEqual([200, { server: "ok" }]);
        const { pair, attributes } = readCookie(reply);
        expect(pair).toBe("access_token=");
        expect(attributes).toEqual(expect.arrayContaining(["httponly", "path=/", "samesite=lax", "max-age=0"]));
        expectProblem(await tryToken(person.token), 401);
      });

      it("ends that one session only", async () => {
        const [first, second] = [await api.signIn({ sub: "devices" }), await api.signIn({ sub: "devices" })];
        await first.call("POST /logout");
        expect([(await tryToken(first.token)).status, (await tryToken(second.token)).status]).toEqual([401, 200]);
      });

      it("is no end of the account: the person signs in again", async () => {
        const person = await api.signIn({ sub: "comes-back" });
        await person.call("POST /logout");
        expect((await api.signIn({ sub: "comes-back" })).userId).toBe(person.userId);
      });

      it("does no harm to anybody without a session, and is repeatable", async () => {
        const person = await api.signIn();
        await person.call("POST /logout");
        const cookies = [{}, { Cookie: "access_token=garbage" }, { Cookie: person.cookie }];
        for (const headers of cookies) {
          const { status, body } = await api.call("POST /logout", { headers: { ...headers } });
          expect([status, body]).toEqual([200, { server: "ok" }]);
        }
      });
    });
  });

  describe("the cookie", () => {
    it.for([
      ["true", true],
      ["True", true],
      ["1", true],
      ["false", false],
      ["False", false],
      ["0", false],
      ["", false],
    ] as const)("with SECURE_HTTP_HTTPS=%s has Secure: %s", async ([setting, secure]) => {
      const { url, stop } = await bootApp(api.database, { SECURE_HTTP_HTTPS: setting });
      const json = { token: await mintDevToken((target, options) => request(url, target, options)) };
      const reply = await request(url, "POST /create/users", { json });
      expect(reply.headers["set-cookie"]).toHaveLength(1);
      const { pair, attributes } = readCookie(reply);
      expect(pair).toMatch(/^(?:__Host-)?access_token=[\w-]+\.[\w-]+\.[\w-]+$/);
      expect(pair.startsWith("__Host-")).toBe(secure);
      const plain = ["httponly", "max-age=86400", "path=/", "samesite=lax"];
      expect(attributes).toEqual(secure ? [...plain, "secure"] : plain);
      const { call } = await personWith((target, options) => request(url, target, options), sessionTokenOf(reply));
      expect(readCookie(await call("POST /logout")).attributes.includes("secure")).toBe(secure);
      await stop();
    });

    it("over HTTPS is read under its old name once more, and gets the new one with the next response", async () => {
      const { url, stop } = await bootApp(api.database, { SECURE_HTTP_HTTPS: "true" });
      const { token } = await api.signIn();
      const { status, headers } = await request(url, "GET /me", { headers: { Cookie: `access_token=${token}` } });
      expect([status, headers["set-cookie"]]).toEqual([
        200,
        [
          expect.stringContaining(`__Host-access_token=${token}; `),
          expect.stringMatching(/^access_token=; Max-Age=0; .*Secure/),
        ],
      ]);
      const cookies = `access_token=garbage; __Host-access_token=${token}`;
      expect((await request(url, "GET /me", { headers: { Cookie: cookies } })).status).toBe(200);
      await stop();
    });

    it("that came twice is refused, in one header too, but one that a sibling host planted shuts nobody out", async () => {
      const { url, stop } = await bootApp(api.database, { SECURE_HTTP_HTTPS: "true" });
      const { token } = await api.signIn();
      const tryCookies = (cookies: string) => request(url, "GET /me", { headers: { Cookie: cookies } });
      const twice = await tryCookies(`__Host-access_token=${token}; theme=dark; __Host-access_token=${token}`);
      expectProblem(twice, 400);
      expectProblem(await tryCookies("__Host-sign_in_nonce=a; __Host-sign_in_nonce=b"), 400);
      const planted = `access_token=garbage; access_token=${token}`;
      expectProblem(await tryCookies(planted), 401);
      expect((await tryCookies(`${planted}; __Host-access_token=${token}`)).status).toBe(200);
      const json = { token: await mintDevToken((target, options) => request(url, target, options)) };
      expect((await request(url, "POST /create/users", { headers: { Cookie: planted }, json })).status).toBe(200);
      await stop();
    });

    it("is renewed once half of its life is over, once in a batch, and not by a request that ends it", async () => {
      const person = await api.signIn();
      const claims = decodeJwt(person.token);
      const old = { iat: nowSeconds() - 0.6 * daySeconds, exp: nowSeconds() + 0.4 * daySeconds };
      const headers = { Cookie: `access_token=${await sign({ ...claims, ...old })}` };
      const renewed = await api.call("GET /me", { headers });
      const fresh = decodeJwt(sessionTokenOf(renewed));
      expect(fresh).toMatchObject({ sub: claims.sub, sid: claims["sid"] });
      expect(Number(fresh.exp) - nowSeconds()).toBeGreaterThan(0.9 * daySeconds);
      expect((await person.call("GET /me")).headers["set-cookie"]).toBeUndefined();
      const batch = await api.request("GET /trpc/auth.me,dialogs.list?batch=1&input=%7B%7D", { headers });
      expect(batch.headers["set-cookie"]).toEqual([expect.stringMatching(/^access_token=\w/)]);
      const ended = await api.call("POST /logout/everywhere", { headers });
      expect(ended.headers["set-cookie"]).toEqual([expect.stringMatching(/^access_token=; Max-Age=0; /)]);
    });

    it("lives as long as SESSION_COOKIE_MAX_AGE_MS says, and its token with it", async () => {
      const { url, stop } = await bootApp(api.database, { SESSION_COOKIE_MAX_AGE_MS: "3600000" });
      const json = { token: await mintDevToken((target, options) => request(url, target, options)) };
      const reply = await request(url, "POST /create/users", { json });
      expect(readCookie(reply).attributes).toContain("max-age=3600");
      const claims = decodeJwt(sessionTokenOf(reply));
      expect(Number(claims.exp) - Number(claims.iat)).toBe(3600);
      await stop();
    });
  });
});
