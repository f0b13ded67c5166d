import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { productionEnv } from "../process/support/environment.ts";
import { startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { rawRequest, sendRaw } from "./support/raw-http.ts";

let app: GuardedApp;

beforeAll(async () => {
  app = await startGuardedApp({
    env: { ...productionEnv, ALLOWED_HOSTS: "chat.example.org, API.example.org,[::1]", EMBEDDED_IN_PRODUCTION: "true" },
  });
});

afterAll(() => app.stop());

const served = [
  "chat.example.org",
  "CHAT.EXAMPLE.ORG",
  "chat.example.org:8443",
  "api.example.org",
  "[::1]",
  "[::1]:8000",
];

const misdirected = [
  "evil.example",
  "chat.example.org.evil.example",
  "evil-chat.example.org",
  "example.org",
  "127.0.0.1",
  "[::2]",
  "chat.example.org.",
];

const paths = ["/config", "/trpc/auth.me", "/openapi.json", "/me"];

test.each(served)("serves %s", async (host) => {
  const answer = await sendRaw(rawRequest("GET /config HTTP/1.1", [`Host: ${host}`]), { port: app.port });
  expect(answer.statuses).toEqual([200]);
});

test.each(misdirected.flatMap((host) => paths.map((path) => ({ host, path }))))(
  "refuses $host at $path",
  async ({ host, path }) => {
    const answer = await sendRaw(rawRequest(`GET ${path} HTTP/1.1`, [`Host: ${host}`]), { port: app.port });
    expect(answer.statuses).toEqual([421]);
  },
);

test.each(["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-Host"])(
  "%s does not stand in for the host",
  async (name) => {
    const headers = ["Host: evil.example", `${name}: chat.example.org`];
    const answer = await sendRaw(rawRequest("GET /config HTTP/1.1", headers), { port: app.port });
    expect(answer.statuses).toEqual([421]);
  },
);

test("a second host does not get past the list", async () => {
  const headers = ["Host: chat.example.org", "Host: evil.example"];
  const answer = await sendRaw(rawRequest("GET /livez HTTP/1.1", headers), { port: app.port });
  expect(answer.statuses).toEqual([400]);
});

describe("a server in development", () => {
  let own: GuardedApp;

  beforeAll(async () => {
    own = await startGuardedApp();
  });

  afterAll(() => own.stop());

  test.each(["localhost", "127.0.0.1:8000", "[::1]:8000"])("serves its own machine as %s", async (host) => {
    const answer = await sendRaw(rawRequest("GET /livez HTTP/1.1", [`Host: ${host}`]), { port: own.port });
    expect(answer.statuses).toEqual([200]);
  });

  test.each([
    "evil.example.net.evil",
    "localhost.evil.com",
    "127.0.0.1.nip.io",
    "0.0.0.0",
    "192.168.0.7",
    "localhost.",
  ])("gives no token of development to a page at %s that resolves to this machine", async (host) => {
    const headers = [`Host: ${host}`, `Origin: http://${host}`, "Sec-Fetch-Site: same-origin"];
    const body = '{"sub":"ann","email":"ann@example.com"}';
    const request = rawRequest("POST /dev/google-token HTTP/1.1", [...headers, "Content-Type: application/json"], body);
    expect((await sendRaw(request, { port: own.port })).statuses).toEqual([421]);
  });
});

test.each([
  { path: "/livez", status: 200 },
  { path: "/readyz", status: 200 },
  { path: "/metrics", status: 403 },
])("$path can be asked by a server's address", async ({ path, status }) => {
  const answer = await sendRaw(rawRequest(`GET ${path} HTTP/1.1`, ["Host: 10.0.0.7:8000"]), { port: app.port });
  expect(answer.statuses).toEqual([status]);
});

test.each(["/livez", "/readyz", "/metrics"])("%s is refused under a host that is none", async (path) => {
  const answer = await sendRaw(rawRequest(`GET ${path} HTTP/1.1`, ["Host: a b"]), { port: app.port });
  expect(answer.statuses).toEqual([400]);
});
