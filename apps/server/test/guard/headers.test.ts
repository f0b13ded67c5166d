import { signInPerson } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRows, startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { createFailingDatabase } from "./support/failing-database.ts";
import { rawRequest, sendRaw } from "./support/raw-http.ts";

const failing = createFailingDatabase();
let app: GuardedApp;
let cookie: string;

beforeAll(async () => {
  app = await startGuardedApp({ wrap: failing.wrap });
  cookie = (await signInPerson(app.url, "ann")).cookie;
  failing.failWith(() => new Error("broken"));
});

afterAll(() => app.stop());

interface Asked {
  status: number;
  line: string;
  headers?: string[];
  body?: string;
}

const json = "Content-Type: application/json";
const signedIn = (): string => `Cookie: ${cookie}`;

const asked: Asked[] = [
  { status: 200, line: "GET /livez" },
  { status: 200, line: "HEAD /livez" },
  { status: 200, line: "GET /readyz" },
  { status: 200, line: "GET /me" },
  { status: 200, line: "GET /trpc/auth.me" },
  { status: 200, line: "GET /trpc/auth.me?batch=1", headers: ["Trpc-Accept: application/jsonl"] },
  { status: 200, line: "GET /docs" },
  { status: 200, line: "GET /docs/init.js" },
  { status: 200, line: "GET /docs/swagger-ui.css" },
  { status: 200, line: "GET /openapi.json" },
  { status: 307, line: "GET /redoc" },
  {
    status: 204,
    line: "OPTIONS /me",
    headers: ["Origin: https://chat.example.org", "Access-Control-Request-Method: GET"],
  },
  { status: 400, line: "GET /%zz" },
  { status: 400, line: "GET /livez", headers: ["Host: a b"] },
  { status: 400, line: "POST /dialogs/create", headers: [json], body: "{" },
  { status: 400, line: "POST /trpc/dialogs.create", headers: [json], body: "{" },
  {
    status: 400,
    line: "GET /trpc/auth.me,auth.me,auth.me,auth.me,auth.me,auth.me,auth.me,auth.me,auth.me,auth.me,auth.me?batch=1",
  },
  { status: 403, line: "GET /messages" },
  { status: 403, line: "GET /trpc/health.check" },
  { status: 404, line: "GET /nothing" },
  { status: 404, line: "GET /docs/nothing" },
  { status: 404, line: "GET /trpc/no.such" },
  { status: 405, line: "TRACE /" },
  { status: 405, line: "GET /trpc/auth.logout" },
  { status: 413, line: "POST /dialogs/create", headers: [json, "Content-Length: 999999"] },
  { status: 414, line: `GET /${"a".repeat(5000)}` },
  { status: 415, line: "POST /dialogs/create", headers: ["Content-Type: text/plain"], body: "{}" },
  { status: 422, line: "POST /dialogs/create", headers: [json], body: "{}" },
  { status: 500, line: "POST /dialogs/create", headers: [json], body: '{"dialog_name":"abc"}' },
  { status: 500, line: "POST /trpc/dialogs.create", headers: [json], body: '{"dialog_name":"abc"}' },
];

async function rows(statement: string): Promise<unknown> {
  return (await readRows(app.database, statement))[0]?.["id"];
}

async function ask({ line, headers = [], body = "" }: Asked): Promise<{ statuses: number[]; head: string }> {
  const bytes = rawRequest(`${line} HTTP/1.1`, [signedIn(), ...headers], body);
  const { statuses, text } = await sendRaw(bytes, { port: app.port, answers: 1 });
  return { statuses, head: text.split("\r\n\r\n")[0] ?? "" };
}

describe("what every answer carries", () => {
  test.each(asked)("$status $line", async (given) => {
    const { statuses, head } = await ask(given);
    expect(statuses[0]).toBe(given.status);
    expect(head).toMatch(/^x-content-type-options: nosniff\r?$/im);
    expect(head).toMatch(/^referrer-policy: no-referrer\r?$/im);
    expect(head).toMatch(/^cross-origin-resource-policy: same-/im);
    expect(head).toMatch(/^content-security-policy: default-src '(none|self)'.*frame-ancestors 'none'\r?$/im);
    expect(head).toMatch(/^x-request-id: [\w.-]{8,128}\r?$/im);
    expect(head).toMatch(
      given.line.includes("/docs/swagger") ? /^cache-control: public/im : /^cache-control: no-store\r?$/im,
    );
    expect(head).not.toMatch(/^(x-powered-by|server):/im);
    if (given.status !== 204 && given.status !== 307)
      expect(head).toMatch(/^content-type: [\w+/-]+(; charset=utf-8)?\r?$/im);
  });

  test("200 a stream of events", async () => {
    const dialog = await rows(
      "insert into dialogs (user_id, dialog_name) select max(user_id), 'abc' from users returning dialog_id as id",
    );
    const started = await fetch(`${app.url}/dialogs/${String(dialog)}/runs`, {
      method: "POST",
      headers: { cookie, "content-type": "application/json" },
      body: '{"text_user":"hello"}',
    });
    const { run_id } = (await started.json()) as { run_id: number };
    const leave = new AbortController();
    const { status, headers } = await fetch(`${app.url}/runs/${run_id}/events`, {
      headers: { cookie },
      signal: leave.signal,
    });
    leave.abort();
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": expect.stringContaining("no-store"),
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    });
    // Without an end of its own it would wait for the end of the run, and hold a place among the person's streams.
    const head = await fetch(`${app.url}/runs/${run_id}/events`, { method: "HEAD", headers: { cookie } });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  });

  test("the page of the documentation runs scripts of this server only", async () => {
    const { head } = await ask({ status: 200, line: "GET /docs" });
    const [policy = ""] = /^content-security-policy: .*$/im.exec(head) ?? [];
    expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
  });
});

describe("the id of a request", () => {
  const good = ["a-client-1", "A.b_c-0123456789", "x".repeat(128), crypto.randomUUID()];
  const hostile = [
    "short",
    "x".repeat(129),
    "with space",
    "<script>alert(1)</script>",
    "a\u001b[31mred",
    "caf\u00e9-caf\u00e9",
    "a,b,c,d,e,f",
    "",
    "${jndi:ldap}",
    "../../../etc",
  ];

  test.each(good)("%s is taken over", async (id) => {
    const { head } = await ask({ status: 200, line: "GET /livez", headers: [`X-Request-Id: ${id}`] });
    expect(head).toContain(`X-Request-Id: ${id}`);
  });

  test.each(hostile)("%j is replaced", async (id) => {
    const { head } = await ask({ status: 404, line: "GET /nothing", headers: [`X-Request-Id: ${id}`] });
    if (head.startsWith("HTTP/1.1 400 Bad Request\r\nConnection: close")) return;
    expect(head).toMatch(/^x-request-id: [0-9a-f-]{36}\r?$/im);
    if (id !== "") expect(app.log()).not.toContain(id);
  });

  test("two of them are none", async () => {
    const { head } = await ask({
      status: 200,
      line: "GET /livez",
      headers: ["X-Request-Id: first-id", "X-Request-Id: second-id"],
    });
    expect(head).toMatch(/^x-request-id: [0-9a-f-]{36}\r?$/im);
  });
});

describe("the cookie", () => {
  const setCookie = async (secure: boolean): Promise<string> => {
    const other = await startGuardedApp({ env: { SECURE_HTTP_HTTPS: String(secure) } });
    const minted = await fetch(`${other.url}/dev/google-token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"sub":"ann","email":"ann@example.com"}',
    });
    const signedInAs = await fetch(`${other.url}/create/users`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: await minted.text(),
    });
    await other.stop();
    return signedInAs.headers.getSetCookie().join("\n");
  };

  test.each([true, false])("has its attributes, Secure: %s", async (secure) => {
    const cookieLine = await setCookie(secure);
    expect(cookieLine).toMatch(/^(?:__Host-)?access_token=[\w-]+\.[\w-]+\.[\w-]+; /);
    expect(cookieLine.startsWith("__Host-")).toBe(secure);
    const attributes = cookieLine
      .split("; ")
      .slice(1)
      .map((attribute) => attribute.toLowerCase());
    expect(attributes.toSorted()).toEqual(
      ["httponly", "max-age=86400", "path=/", "samesite=lax", ...(secure ? ["secure"] : [])].toSorted(),
    );
  });
});
