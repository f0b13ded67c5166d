import {
  errorCatalogue,
  errorMessage,
  limits,
  problem,
  problemTypeOf,
  statusTitles,
  timing,
  type ErrorCode,
} from "@deepbot/contract";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startStandIn, type Reply, type StandIn } from "./support/backend.ts";
import { startProxy, type Proxy } from "./support/proxy.ts";
import type { HttpResponse, RequestOptions } from "./support/requests.ts";

/** A server that sends some of the headers itself, by path. */
const reply: Reply = (res, { target }) => {
  if (target === "/health" || target.includes("502")) res.destroy();
  else if (target === "/docs") res.writeHead(200, { "content-security-policy": "default-src 'self'" }).end("docs");
  else if (target === "/flag/404") {
    res.writeHead(404, { "x-content-type-options": "nosniff", "cache-control": "no-store", "x-request-id": "abc" });
    res.end("{}");
  } else res.writeHead(200, { "content-type": "application/json" }).end("{}");
};

let backend: StandIn;
let proxy: Proxy;

beforeAll(async () => {
  backend = await startStandIn(reply);
  proxy = await startProxy({ backends: [backend.address] });
});

afterAll(async () => {
  await proxy.stop();
  await backend.close();
});

const pagePolicy = {
  "default-src": "'none'",
  "script-src": "'self' https://accounts.google.com/gsi/client",
  "style-src": "'self' https://accounts.google.com/gsi/style",
  "frame-src": "https://accounts.google.com/gsi/",
  "connect-src": "'self' https://accounts.google.com/gsi/",
  "img-src": "'self' data: https://lh3.googleusercontent.com",
  "font-src": "'self'",
  "manifest-src": "'self'",
  "base-uri": "'none'",
  "object-src": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

const policyOf = (response: HttpResponse): Record<string, string> =>
  Object.fromEntries(
    String(response.headers["content-security-policy"])
      .split("; ")
      .map((directive) => directive.split(/ (.*)/, 2)),
  ) as Record<string, string>;

const nothing = { "default-src": "'none'", "frame-ancestors": "'none'" };

interface Case {
  name: string;
  path: string;
  options?: RequestOptions;
  status: number;
  policy: Record<string, string>;
  referrer: string;
  /** Of the problem document, where there is one. */
  code?: ErrorCode;
}

const page = (name: string, path: string, rest: Partial<Case> = {}): Case => ({
  name,
  path,
  status: 200,
  policy: pagePolicy,
  referrer: "strict-origin",
  ...rest,
});

const edge = (name: string, path: string, rest: Partial<Case> & { status: number }): Case => ({
  name,
  path,
  policy: nothing,
  referrer: "no-referrer",
  ...rest,
});

const post = (size: number): RequestOptions => ({ method: "POST", body: "x".repeat(size) });

const cases: Case[] = [
  page("the page", "/"),
  page("the page of a dialog", "/chat/12"),
  page("a file", "/assets/main-4f3a2b1c.js"),
  page("an unmodified file", "/favicon.svg", { status: 304, options: { headers: { "if-none-match": "*" } } }),
  edge("a file that does not exist", "/assets/nothing.js", { status: 404, code: "not_found" }),
  edge("a hidden file", "/.secret", { status: 404, code: "not_found" }),
  edge("a POST to a page", "/", { status: 405, code: "method_not_allowed", options: { method: "POST" } }),
  edge("a response of the API", "/me", { status: 200 }),
  edge("an error of the API", "/flag/404", { status: 404 }),
  edge("a page of the API with a policy of its own", "/docs", { status: 200, policy: { "default-src": "'self'" } }),
  edge("two slashes", "//", { status: 400, code: "bad_request" }),
  edge("TRACE", "/me", { status: 405, code: "method_not_allowed", options: { method: "TRACE" } }),
  edge("a body that is too large", "/dialogs", {
    status: 413,
    code: "payload_too_large",
    options: post(limits.bodyMaxBytes + 1),
  }),
  edge("a target that is too long", `/${"x".repeat(9 * 1024)}`, { status: 414, code: "uri_too_long" }),
  edge("another host name", "/", {
    status: 421,
    code: "misdirected_request",
    options: { headers: { host: "other.example.org" } },
  }),
  edge("a header that is too large", "/me", {
    status: 431,
    code: "headers_too_large",
    options: { headers: { "x-large": "x".repeat(16 * 1024) } },
  }),
  edge("a server that breaks the connection", "/health", { status: 502, code: "bad_gateway" }),
  edge("a server that breaks the connection at a large body", "/worker/runs/502/complete", {
    status: 502,
    code: "bad_gateway",
    options: post(100 * 1024),
  }),
];

test.each(cases)("$name has the security headers, each once", async ({ path, options, status, policy, referrer }) => {
  const response = await proxy.request(path, options);
  expect(response.status).toBe(status);
  expect(response.headers).toMatchObject({
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": referrer,
    "permissions-policy": expect.stringContaining("camera=(), "),
    "cross-origin-resource-policy": "same-origin",
    server: "nginx",
  });
  expect(policyOf(response)).toEqual(policy);
  expect([...response.counts].filter(([, count]) => count > 1)).toEqual([]);
});

test("only pages may open windows that send results back", async () => {
  expect((await proxy.request("/")).headers["cross-origin-opener-policy"]).toBe("same-origin-allow-popups");
  expect((await proxy.request("/me")).headers["cross-origin-opener-policy"]).toBeUndefined();
});

test.each(cases.filter(({ code }) => code !== undefined))(
  "$name gets the problem document of the error catalogue, without nginx's version",
  async ({ path, options, status, code = "internal" }) => {
    expect(errorCatalogue[code].status).toBe(status);
    const { headers, text } = await proxy.request(path, options);
    expect(headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-store");
    const details: Record<string, string | number> = code === "payload_too_large" ? { limit: limits.bodyMaxBytes } : {};
    expect(problem.parse(JSON.parse(text))).toEqual({
      type: problemTypeOf(code),
      title: statusTitles[status],
      status,
      code,
      detail: errorMessage(code, "en", { path: "this address", ...details }),
      request_id: headers["x-request-id"],
      ...details,
    });
    expect(text).not.toContain("nginx");
  },
);

test("a server that breaks the connection gets the client the Retry-After of the contract", async () => {
  const { headers } = await proxy.request("/health");
  expect(headers["retry-after"]).toBe(String(timing.retryAfterSeconds));
});

test("nginx's own request id is in the request to the server, the response and the log", async () => {
  const forged = "forged-id-0123456789";
  const { headers } = await proxy.request("/me?secret=typed", { headers: { "x-request-id": forged } });
  const id = String(headers["x-request-id"]);
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(backend.received.at(-1)?.headers["x-request-id"]).toBe(id);
  // nginx writes the line after the response.
  const log = await until("the line is written", async () => {
    const text = await proxy.accessLog();
    return text.includes(id) && text;
  });
  const lines = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toContainEqual(expect.objectContaining({ request_id: id, path: "/me", status: 200 }));
  expect(log).not.toContain("typed");
  expect(log).not.toContain(forged);
});

test("the log names the requested path, also when nginx responds itself", async () => {
  await proxy.request("/health");
  const lines = (await proxy.accessLog())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines.at(-1)).toMatchObject({ path: "/health", status: 502 });
});

test("the log has a sample of refused requests, and the beginning of a long path", async () => {
  const path = `/docs/${"x".repeat(1_000)}`;
  await proxy.request(path);
  for (let sent = 0; sent < 200; sent += 1) await proxy.request("/metrics");
  const log = await proxy.accessLog();
  expect(log).toContain(`"path":"${path.slice(0, 200)}"`);
  expect(log.split('"path":"/metrics"').length - 1).toBeLessThan(60);
});
