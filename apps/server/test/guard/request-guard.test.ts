import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { latin1, rawRequest, sendRaw } from "./support/raw-http.ts";

let app: GuardedApp;

beforeAll(async () => {
  app = await startGuardedApp();
});

afterAll(() => app.stop());

interface Hostile {
  name: string;
  bytes: Buffer;
  /** The statuses that are right; empty where Node closes the connection without a word. */
  statuses: number[];
}

const get = (target: string, ...headers: string[]): Buffer => rawRequest(`GET ${target} HTTP/1.1`, headers);

const refused = (name: string, bytes: Buffer, ...statuses: number[]): Hostile => ({ name, bytes, statuses });

const targets: Hostile[] = [
  refused("//", get("//"), 400),
  refused("///x", get("///x"), 400),
  refused("//host/path", get("//evil.example/me"), 400),
  refused("absolute form", get("http://localhost/livez"), 400),
  refused("absolute form with a broken host", get("http://["), 400),
  refused("absolute form of another scheme", get("file:///etc/passwd"), 400),
  refused("a broken escape", get("/%zz"), 400),
  refused("half an escape", get("/dialogs/%"), 400),
  refused("an escape that is no UTF-8", get("/dialogs/%ff"), 400),
  refused("NUL", get("/%00"), 400),
  refused("NUL behind the prefix of tRPC", get("/trpc/auth.me%00"), 400),
  refused("an asterisk", get("*"), 400),
  refused("OPTIONS of an asterisk", rawRequest("OPTIONS * HTTP/1.1"), 400),
  refused("a backslash", get("\\"), 400),
  refused("a backslash behind a slash", get("/\\evil.example/x"), 400),
  refused("an encoded backslash", get("/%5cevil.example/x"), 404),
  refused("5 KiB", get(`/${"a".repeat(5 * 1024)}`), 414),
  refused("5 KiB of query", get(`/livez?a=${"a".repeat(5 * 1024)}`), 414),
  refused("a fragment", get("/livez#x"), 400),
  refused("a space", get("/livez x"), 400),
  refused("a tab", get("/livez\tx"), 400),
  refused("bytes above ASCII", rawRequest("GET /\u00e9 HTTP/1.1"), 400),
  refused("dot segments", get("/trpc/../trpc/auth.me"), 400),
  refused("dot segments that name a procedure for tRPC alone", get("/trpc/../aaaaaworker.claim"), 400),
  refused("encoded dot segments", get("/trpc/%2e%2e/aaaaaauth.me"), 400),
  refused("__proto__ in the query", get("/livez?__proto__=1"), 400),
  refused("constructor in the query", get("/openapi.json?constructor=1"), 400),
  refused("an encoded __proto__ in the query", get("/livez?%5F_proto__=1"), 400),
  refused("a query key twice", get("/livez?a=1&a=2"), 400),
  refused("a query key twice, once encoded", get("/livez?a=1&%61=2"), 400),
];

const methods: Hostile[] = [
  refused("TRACE /", rawRequest("TRACE / HTTP/1.1"), 405),
  refused("TRACE /any", rawRequest("TRACE /any HTTP/1.1"), 405),
  refused("TRACE of tRPC", rawRequest("TRACE /trpc/auth.me HTTP/1.1"), 405),
  refused("CONNECT", rawRequest("CONNECT evil.example:443 HTTP/1.1")),
  refused("CONNECT /", rawRequest("CONNECT / HTTP/1.1")),
  refused("PROPFIND", rawRequest("PROPFIND / HTTP/1.1"), 405),
  refused("an unknown method", rawRequest("FROB / HTTP/1.1"), 400),
  refused("a method in small letters", rawRequest("get / HTTP/1.1"), 400),
];

const hosts: Hostile[] = [
  refused("a space", get("/livez", "Host: a b"), 400),
  refused("empty", get("/livez", "Host:"), 400),
  refused("[", get("/livez", "Host: ["), 400),
  refused("a path", get("/livez", "Host: a/b"), 400),
  refused("user info", get("/livez", "Host: a@b"), 400),
  refused("bytes above ASCII", get("/livez", "Host: \u00e9.example"), 400),
  refused("a port that is none", get("/livez", "Host: localhost:port"), 400),
  refused("two of them", get("/livez", "Host: localhost", "Host: evil.example"), 400),
  refused("two of them, the same", get("/livez", "Host: localhost", "Host: localhost"), 400),
  refused("two in one", get("/livez", "Host: localhost, evil.example"), 400),
  refused("none", latin1("GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n"), 400),
  refused("none, in HTTP/1.0", latin1("GET /livez HTTP/1.0\r\n\r\n"), 400),
];

const framing: Hostile[] = [
  refused("a header of 16 KiB", get("/livez", `X-Long: ${"a".repeat(16 * 1024)}`), 431),
  refused("16 KiB of cookies", get("/me", `Cookie: access_token=${"a".repeat(16 * 1024)}`), 431),
  refused("a NUL in a header", get("/livez", "X-Bad: a\u0000b"), 400),
  refused("a control byte in a header", get("/livez", "X-Bad: a\u0001b"), 400),
  refused("a bare line feed in a header", get("/livez", "X-Bad: a\nInjected: b c"), 400),
  refused("a header name with a space", get("/livez", "X Bad: a"), 400),
  refused("a space before the colon", get("/livez", "X-Bad : a"), 400),
  refused("a folded header", get("/livez", "X-Bad: a\r\n b"), 400),
  refused("two lengths", rawRequest("POST /dialogs HTTP/1.1", ["Content-Length: 2", "Content-Length: 3"], "{} "), 400),
  refused(
    "a length and chunks",
    rawRequest("POST /dialogs HTTP/1.1", ["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    400,
  ),
  refused(
    "an unknown transfer coding",
    rawRequest("POST /dialogs HTTP/1.1", ["Transfer-Encoding: xchunked"], "0\r\n\r\n"),
    400,
  ),
  refused("a negative length", rawRequest("POST /dialogs HTTP/1.1", ["Content-Length: -1"]), 400),
  refused("a length that is no number", rawRequest("POST /dialogs HTTP/1.1", ["Content-Length: 0x2"], "{}"), 400),
  refused(
    "a chunk size that is none",
    rawRequest(
      "POST /trpc/auth.logout HTTP/1.1",
      ["Content-Type: application/json", "Transfer-Encoding: chunked"],
      "zz\r\n{}\r\n0\r\n\r\n",
    ),
    400,
  ),
  refused("an unknown expectation", get("/livez", "Expect: the-unexpected"), 417),
  refused("HTTP/2 in plain", latin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400),
  refused("HTTP/9.9", rawRequest("GET /livez HTTP/9.9"), 400),
  refused("no request at all", latin1("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"), 400),
];

async function expectRefused({ bytes, statuses }: Hostile): Promise<void> {
  const answer = await sendRaw(bytes, { port: app.port });
  expect(answer.ended).toBe("closed");
  if (statuses.length === 0) expect(answer.text).toBe("");
  else {
    expect(statuses).toContain(answer.statuses[0]);
    expect(answer.text).toMatch(/^X-Request-Id: [\w-]{36}\r$/m);
    expect(answer.text).toMatch(/^X-Content-Type-Options: nosniff\r$/m);
    const [, body = ""] = answer.text.split("\r\n\r\n");
    expect(JSON.parse(body)).toMatchObject({ status: answer.statuses[0], detail: expect.stringMatching(/\w/) });
  }
  expect(await isServing()).toBe(true);
}

async function isServing(): Promise<boolean> {
  const { statuses } = await sendRaw(get("/livez"), { port: app.port });
  return statuses.join() === "200";
}

describe("refuses and goes on serving", () => {
  test.each(targets)("target: $name", expectRefused);
  test.each(methods)("method: $name", expectRefused);
  test.each(hosts)("host: $name", expectRefused);
  test.each(framing)("framing: $name", expectRefused);
});

test("a refused method names those that the server knows", async () => {
  const answer = await sendRaw(rawRequest("TRACE / HTTP/1.1"), { port: app.port });
  expect(answer.text).toMatch(/^Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r$/m);
});

test("HTTP/1.0 with a host is served", async () => {
  const answer = await sendRaw("GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n", { port: app.port });
  expect(answer.statuses).toEqual([200]);
});

test("garbage behind a good request ends the connection, the request is answered", async () => {
  const good = rawRequest("GET /livez HTTP/1.1", ["Connection: keep-alive"]);
  const answer = await sendRaw(Buffer.concat([good, latin1("\u0000\u0001garbage\r\n\r\n")]), { port: app.port });
  expect(["200", "200,400"]).toContain(answer.statuses.join());
  expect(answer.ended).toBe("closed");
  expect(await isServing()).toBe(true);
});

test("pipelined requests are answered in their order", async () => {
  const alive = rawRequest("GET /livez HTTP/1.1", ["Connection: keep-alive"]);
  const bytes = Buffer.concat([alive, rawRequest("GET /%zz HTTP/1.1", ["Connection: keep-alive"]), get("/me")]);
  const answer = await sendRaw(bytes, { port: app.port });
  expect(answer.statuses).toEqual([200, 400, 401]);
});

test("a client that leaves in the middle of a body harms nobody", async () => {
  const half = rawRequest("POST /create/users HTTP/1.1", ["Content-Type: application/json", "Content-Length: 100"]);
  await sendRaw(half, { port: app.port, patienceMs: 50 });
  expect(await isServing()).toBe(true);
});
