import type { ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { clientId, googleClaims, startFakeGoogle, type FakeGoogle } from "./support/certificates.ts";
import { startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";

let google: FakeGoogle;
let app: GuardedApp;

beforeAll(async () => {
  google = await startFakeGoogle();
  app = await startGuardedApp({ google: { clientId, certificatesUrl: google.url } });
});

afterEach(() => google.recover());

afterAll(async () => {
  await app.stop();
  await google.close();
});

const paths = ["/create/users", "/trpc/auth.signIn"];

async function signIn(path: string, token: unknown, cookie?: string): Promise<Response> {
  return fetch(app.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept-language": "ru",
      ...(cookie === undefined ? {} : { cookie }),
    },
    body: JSON.stringify({ token }),
  });
}

async function sessionOf(sub: string): Promise<string> {
  const response = await signIn("/create/users", google.sign(googleClaims({ sub })));
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

const me = (cookie: string): Promise<Response> => fetch(`${app.url}/me`, { headers: { cookie } });

describe.each(paths)("signing in at %s", (path) => {
  test("a token of Google's gives a session", async () => {
    const response = await signIn(path, google.sign(googleClaims()));
    expect(response.status).toBe(200);
    expect((await me(response.headers.getSetCookie()[0]?.split(";")[0] ?? "")).status).toBe(200);
  });

  const outages = [
    { name: "are refused", answer: (res: ServerResponse) => res.destroy() },
    { name: "answer 500", answer: (res: ServerResponse) => void res.writeHead(500).end("no") },
    { name: "answer 404", answer: (res: ServerResponse) => void res.writeHead(404).end("no") },
    {
      name: "are no JSON",
      answer: (res: ServerResponse) =>
        void res.writeHead(200, { "Content-Type": "text/html" }).end("<html>Log in to the Wi-Fi</html>"),
    },
    {
      name: "are an empty object",
      answer: (res: ServerResponse) => void res.writeHead(200, { "Content-Type": "application/json" }).end("{}"),
    },
    {
      name: "are a list",
      answer: (res: ServerResponse) => void res.writeHead(200, { "Content-Type": "application/json" }).end("[]"),
    },
  ];

  test.each(outages)("while the certificates $name: 503, other sessions go on, and it recovers", async ({ answer }) => {
    const cookie = await sessionOf("before");
    google.answerWith(answer);
    const response = await signIn(path, google.sign(googleClaims({ sub: "during" })));
    expect(response.status).toBe(503);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect((await me(cookie)).status).toBe(200);
    google.recover();
    const retry = async (): Promise<number> => (await signIn(path, google.sign(googleClaims({ sub: "after" })))).status;
    await expect.poll(retry, { timeout: 10_000, interval: 250 }).toBe(200);
  });

  const refused = [
    { name: "for another client", token: () => google.sign(googleClaims({ aud: "another" })) },
    { name: "of another issuer", token: () => google.sign(googleClaims({ iss: "https://evil.example" })) },
    { name: "with an e-mail that is not verified", token: () => google.sign(googleClaims({ email_verified: false })) },
    { name: "that has expired", token: () => google.sign(googleClaims({ iat: 1_000, exp: 2_000 })) },
    { name: "that is none", token: () => "a.b.c" },
    { name: "of 60 KiB", token: () => "a".repeat(60_000) },
  ];

  test.each(refused)("a token $name is refused", async ({ token }) => {
    const response = await signIn(path, token());
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await response.text()).toContain("Неверный токен Google");
  });

  test("a token signs in once, and by one transport", async () => {
    const token = google.sign(googleClaims());
    expect((await signIn(path, token)).status).toBe(200);
    for (const again of paths) expect((await signIn(again, token)).status).toBe(401);
  });

  test("names with NUL and lone surrogates are cleaned, not stored and no error", async () => {
    const token = google.sign(googleClaims({ given_name: "A\u0000nn", family_name: "\ud800" }));
    const response = await signIn(path, token);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('"given_name":"Ann","family_name":"\ufffd"');
  });

  test("a browser that got a nonce signs in with a token that carries it, once", async () => {
    const issued = await fetch(`${app.url}/create/nonce`, { method: "POST" });
    const { nonce } = (await issued.json()) as { nonce: string };
    const [cookie = ""] = issued.headers.getSetCookie();
    expect(cookie).toBe(`sign_in_nonce=${nonce}; Max-Age=3600; Path=/; HttpOnly; SameSite=Strict`);
    const present = (token: string) => signIn(path, token, cookie.split(";")[0]);
    expect((await present(google.sign(googleClaims()))).status).toBe(401);
    const response = await present(google.sign(googleClaims({ nonce })));
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()[0]).toMatch(/^sign_in_nonce=; Max-Age=0; /);
    expect((await present(google.sign(googleClaims({ nonce })))).status).toBe(401);
    expect((await signIn(path, google.sign(googleClaims({ nonce })))).status).toBe(401);
  });

  test("the name of the bot's row signs nobody in as the bot", async () => {
    const response = await signIn(path, google.sign(googleClaims({ sub: "deepbot:bot" })));
    expect(response.status).toBe(401);
  });

  test("the account is its id, not its e-mail", async () => {
    const one = await sessionOf("id-1");
    const two = await sessionOf("id-2");
    const idOf = async (cookie: string): Promise<unknown> =>
      ((await (await me(cookie)).json()) as { content: { id: number }[] }).content[0]?.id;
    expect(await idOf(one)).not.toBe(await idOf(two));
  });
});

test("while the certificates never come: 503 in seconds on both transports, and others are served meanwhile", async () => {
  const cookie = await sessionOf("before");
  google.answerWith(() => undefined);
  const started = performance.now();
  const waiting = paths.map((path) => signIn(path, google.sign(googleClaims())));
  expect((await me(cookie)).status).toBe(200);
  expect(performance.now() - started).toBeLessThan(4_000);
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(503);
  expect(performance.now() - started).toBeLessThan(9_000);
});

test("with Google there is no sign-in of development", async () => {
  const response = await fetch(`${app.url}/dev/google-token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"sub":"ann","email":"ann@example.com"}',
  });
  expect(response.status).toBe(404);
});
