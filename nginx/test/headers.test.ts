import { afterAll, beforeAll, expect, test } from "vitest";
import { startStandIn, type Reply, type StandIn } from "./support/backend.ts";
import { startProxy, type Proxy } from "./support/proxy.ts";
import type { Answer, RequestOptions } from "./support/requests.ts";

/** What the server behind sends by itself, and what it leaves out, by path. */
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

const policyOf = (answer: Answer): Record<string, string> =>
  Object.fromEntries(
    String(answer.headers["content-security-policy"])
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
  page("a file that is not modified", "/favicon.svg", { status: 304, options: { headers: { "if-none-match": "*" } } }),
  edge("a file that is not there", "/assets/nothing.js", { status: 404 }),
  edge("a file that is hidden", "/.secret", { status: 404 }),
  edge("a method that a page does not have", "/", { status: 405, options: { method: "POST" } }),
  edge("an answer of the API", "/me", { status: 200 }),
  edge("a refusal of the API", "/flag/404", { status: 404 }),
  edge("a page of the API with a policy of its own", "/docs", { status: 200, policy: { "default-src": "'self'" } }),
  edge("two slashes", "//", { status: 400 }),
  edge("TRACE", "/me", { status: 405, options: { method: "TRACE" } }),
  edge("a body that is too large", "/dialogs", { status: 413, options: post(64 * 1024 + 1) }),
  edge("a target that is too long", `/${"x".repeat(9 * 1024)}`, { status: 414 }),
  edge("another host name", "/", { status: 421, options: { headers: { host: "other.example.org" } } }),
  edge("a header that is too large", "/me", {
    status: 431,
    options: { headers: { "x-large": "x".repeat(16 * 1024) } },
  }),
  edge("a back end that breaks off", "/health", { status: 502 }),
  edge("a back end that breaks off at a large body", "/worker/runs/502/complete", {
    status: 502,
    options: post(100 * 1024),
  }),
];

test.each(cases)("$name: the headers that protect", async ({ path, options, status, policy, referrer }) => {
  const answer = await proxy.request(path, options);
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject({
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": referrer,
    "permissions-policy": expect.stringContaining("camera=(), "),
    "cross-origin-resource-policy": "same-origin",
    server: "nginx",
  });
  expect(policyOf(answer)).toEqual(policy);
  expect([...answer.counts].filter(([, count]) => count > 1)).toEqual([]);
});

test("only pages may open windows that answer to them", async () => {
  expect((await proxy.request("/")).headers["cross-origin-opener-policy"]).toBe("same-origin-allow-popups");
  expect((await proxy.request("/me")).headers["cross-origin-opener-policy"]).toBeUndefined();
});

test.each(cases.filter(({ status }) => status >= 400 && status !== 404))(
  "$name: a problem document without a version",
  async ({ path, options, status }) => {
    const { headers, text } = await proxy.request(path, options);
    expect(headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-store");
    expect(JSON.parse(text)).toEqual({
      type: "about:blank",
      title: expect.stringMatching(/^\w/),
      status,
      code: expect.stringMatching(/^[a-z_]+$/),
      detail: expect.stringMatching(/\.$/),
      request_id: headers["x-request-id"],
    });
    expect(text).not.toContain("nginx");
  },
);

test("too many sign-ins from one address are refused, and told when to come back", async () => {
  const answers = await Promise.all(
    Array.from({ length: 45 }, () => proxy.request("/create/users", { method: "POST", body: "{}" })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.length - refused.length).toBeGreaterThan(30);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers, text } of refused) {
    expect(headers["retry-after"]).toBe("1");
    expect(headers["strict-transport-security"]).toBe("max-age=63072000; includeSubDomains");
    expect(JSON.parse(text)).toMatchObject({ status: 429, code: "too_many_requests" });
  }
});

test("the request's id is nginx's own: the same for the back end, the answer and the log", async () => {
  const forged = "forged-id-0123456789";
  const { headers } = await proxy.request("/me?secret=typed", { headers: { "x-request-id": forged } });
  const id = String(headers["x-request-id"]);
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(backend.received.at(-1)?.headers["x-request-id"]).toBe(id);
  const log = await proxy.accessLog();
  const lines = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toContainEqual(expect.objectContaining({ request_id: id, path: "/me", status: 200 }));
  expect(log).not.toContain("typed");
  expect(log).not.toContain(forged);
});

test("the log names the path that was asked for, also when nginx refuses", async () => {
  await proxy.request("/health");
  const lines = (await proxy.accessLog())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines.at(-1)).toMatchObject({ path: "/health", status: 502 });
});
