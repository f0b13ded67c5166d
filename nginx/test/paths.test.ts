import { readFileSync } from "node:fs";
import { limits } from "@deepbot/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startStandIn, type StandIn } from "./support/backend.ts";
import { pages } from "./support/pages.ts";
import { startProxy, type Proxy } from "./support/proxy.ts";
import type { HttpResponse } from "./support/requests.ts";

const document = JSON.parse(readFileSync(new URL("../../apps/server/openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, unknown>>;
};

let backend: StandIn;
let proxy: Proxy;

beforeAll(async () => {
  backend = await startStandIn();
  proxy = await startProxy({ backends: [backend.address] });
});

afterAll(async () => {
  await proxy.stop();
  await backend.close();
});

beforeEach(() => {
  backend.received.length = 0;
});

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: path.replaceAll(/\{\w+\}/g, "7") })),
);

/** Paths that the server serves beside the operations of the document. */
const others = [
  ["GET", "/trpc/auth.me"],
  ["POST", "/trpc/dialogs.create"],
  ["GET", "/trpc/runs.watch?input=%7B%7D"],
  ["GET", "/docs"],
  ["GET", "/docs/swagger-ui.css"],
  ["GET", "/docs/worker"],
  ["GET", "/docs/problems/run_ended"],
  ["GET", "/redoc"],
  ["GET", "/openapi.json"],
  ["GET", "/livez"],
  ["GET", "/readyz"],
].map(([method = "", path = ""]) => ({ method, path }));

describe("the server gets", () => {
  test.each([...operations, ...others])("$method $path", async ({ method, path }) => {
    const response = await proxy.request(path, { method, ...(method === "GET" ? {} : { body: "{}" }) });
    expect(response.status).toBe(200);
    expect(backend.received).toMatchObject([{ method, target: path }]);
  });

  test.each(["/me?a=%20b&c=%2F", "/dialogs/7/", "/me//x", "/dialogs/%zz"])(
    "%s unchanged, or not at all",
    async (path) => {
      await proxy.request(path);
      expect(backend.received.map(({ target }) => target).filter((target) => target !== path)).toEqual([]);
    },
  );
});

describe("a browser gets", () => {
  test.each([
    "/",
    "/chat/7",
    "/settings",
    "/settings/devices",
    "/mean",
    "/dialogs-of-mine",
    "/trpc",
    "/sign-in?next=%2Fchat%2F7",
  ])("the page for %s", async (path) => {
    const response = await proxy.request(path);
    expect(response.status).toBe(200);
    expect(response.text).toBe(pages["index.html"]);
    expect(response.headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
    expect(backend.received).toEqual([]);
  });

  test("a hashed file for good, compressed if it accepts that", async () => {
    const path = "/assets/main-4f3a2b1c.js";
    const plain = await proxy.request(path);
    expect(plain.text).toBe(pages["assets/main-4f3a2b1c.js"]);
    expect(plain.headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
      vary: "Accept-Encoding",
    });
    const compressed = await proxy.request(path, { headers: { "accept-encoding": "gzip" } });
    expect(compressed.headers["content-encoding"]).toBe("gzip");
  });

  test("any other file again only when it has changed", async () => {
    const response = await proxy.request("/favicon.svg");
    expect(response.headers).toMatchObject({
      "content-type": "image/svg+xml; charset=utf-8",
      "cache-control": "no-cache",
    });
    const again = await proxy.request("/favicon.svg", { headers: { "if-none-match": String(response.headers.etag) } });
    expect(again.status).toBe(304);
  });
});

describe("nobody gets", () => {
  test.each([
    "/assets/nothing.js",
    "/nothing.js",
    "/.secret",
    "/assets/",
    "/assets/..%2f.secret",
    "/metrics",
    "/metrics/",
    "/%6detrics",
    "/me/../metrics",
    "/.problem",
    "/.well-known/acme-challenge/x",
  ])("%s", async (path) => {
    const response = await proxy.request(path);
    expect(response.status).toBe(404);
    expect(backend.received).toEqual([]);
  });

  test.each(["//", "//me", "//evil.example/x", "/%2fme", "///"])("%s: two slashes are a bad request", async (path) => {
    expect((await proxy.request(path)).status).toBe(400);
    expect(backend.received).toEqual([]);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH"])("a page by %s", async (method) => {
    expect((await proxy.request("/chat/7", { method })).status).toBe(405);
  });
});

describe("bodies", () => {
  const ordinary = limits.bodyMaxBytes;
  const answers = limits.answerBodyMaxBytes;

  test.each([
    { path: "/dialogs/create", limit: ordinary },
    { path: "/send/message/ai", limit: ordinary },
    { path: "/worker/claim", limit: ordinary },
    { path: "/worker/runs/7/append", limit: answers },
    { path: "/worker/runs/7/complete", limit: answers },
    { path: "/send/message/user", limit: answers },
    { path: "/trpc/worker.complete", limit: answers },
  ])("$path takes $limit bytes and no more", async ({ path, limit }) => {
    const send = (body: string, headers = {}): Promise<HttpResponse> =>
      proxy.request(path, { method: "POST", body, headers });
    expect((await send("x".repeat(limit))).status).toBe(200);
    expect(backend.received.at(-1)?.body.length).toBe(limit);
    for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
      const refused = await send("x".repeat(limit + 1), headers);
      expect(refused.status).toBe(413);
      expect(JSON.parse(refused.text)).toMatchObject({ limit, detail: expect.stringContaining(` ${limit} bytes`) });
    }
    expect(backend.received.length).toBe(1);
  });
});

test("a client cannot forge its address, its host or its proxies", async () => {
  await proxy.request("/me", {
    headers: {
      "x-real-ip": "203.0.113.9",
      "x-forwarded-for": "203.0.113.9, 127.0.0.1",
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "http",
      "x-forwarded-port": "1",
      forwarded: "for=203.0.113.9",
      proxy: "http://evil.example",
      x_real_ip: "203.0.113.9",
    },
  });
  const [received] = backend.received;
  expect(received?.headers).toMatchObject({
    "x-real-ip": "127.0.0.1",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "https",
  });
  expect(JSON.stringify(received?.headers)).not.toMatch(/203\.0\.113|evil/);
});
