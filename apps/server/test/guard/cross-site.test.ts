import { signInPerson } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frontOrigin, startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { rawRequest, sendRaw } from "./support/raw-http.ts";

let app: GuardedApp;
let cookie: string;

beforeAll(async () => {
  app = await startGuardedApp({ env: { DIALOGS_PER_USER: "10000" } });
  cookie = (await signInPerson(app.url, "ann")).cookie;
});

afterAll(() => app.stop());

const own = (): string => `127.0.0.1:${app.port}`;

interface Sent {
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

/** Over a raw connection: fetch would not let a test forge what only browsers set. */
async function ask({
  method,
  path,
  headers,
  body = "",
}: Sent): Promise<{ status: number; head: string; body: string }> {
  const lines = Object.entries({ Host: own(), ...headers }).map(([name, value]) => `${name}: ${value}`);
  const { statuses, text } = await sendRaw(rawRequest(`${method} ${path} HTTP/1.1`, lines, body), { port: app.port });
  const [head = "", content = ""] = text.split(/\r\n\r\n(.*)/s);
  return { status: statuses[0] ?? 0, head, body: content };
}

const foreignOrigins = [
  { name: "a foreign one", value: "https://evil.example" },
  { name: "null", value: "null" },
  { name: "ours as a prefix", value: `${frontOrigin}.evil.example` },
  { name: "ours as a suffix", value: "https://evil-chat.example.org" },
  { name: "ours on another port", value: `${frontOrigin}:8443` },
  { name: "ours without TLS", value: "http://chat.example.org" },
  { name: "ours with a slash", value: `${frontOrigin}/` },
  { name: "a sibling host", value: "https://blog.example.org" },
  { name: "no origin at all", value: "garbage" },
];

const sites = [
  undefined,
  "same-origin",
  "none",
  "same-site",
  "cross-site",
  "CROSS-SITE",
  "",
  "same-origin, cross-site",
] as const;

interface Origin {
  name: string;
  value: string | undefined;
}

const origins: Origin[] = [
  { name: "absent", value: undefined },
  { name: "the front end's", value: frontOrigin },
  { name: "the server's own", value: "own" },
  { name: "the server's own with a TLS that it does not have", value: "own with TLS" },
  ...foreignOrigins,
];

/** Whether a write with the cookie may pass. */
function mayWrite({ value }: Origin, site: string | undefined): boolean {
  if (site === "same-origin" || site === "none" || value === frontOrigin) return true;
  return site === undefined && (value === undefined || value === "own");
}

function ownOrigin(value: string): string | undefined {
  if (value === "own") return `http://${own()}`;
  return value === "own with TLS" ? `https://${own()}` : undefined;
}

/** Whether a read with the cookie may pass. A link on a page of a sibling host comes without an origin. */
function mayRead(origin: Origin, site: string | undefined): boolean {
  return mayWrite(origin, site) || (site === "same-site" && origin.value === undefined);
}

const headersOf = ({ value }: Origin, site: string | undefined): Record<string, string> => ({
  ...(value === undefined ? {} : { Origin: ownOrigin(value) ?? value }),
  ...(site === undefined ? {} : { "Sec-Fetch-Site": site }),
});

const transports = [
  { transport: "REST", create: "/dialogs/create", me: "/me" },
  { transport: "tRPC", create: "/trpc/dialogs.create", me: "/trpc/auth.me" },
];

const json = { "Content-Type": "application/json" };

async function countDialogs(): Promise<number> {
  const response = await fetch(`${app.url}/dialogs`, { method: "POST", headers: { cookie } });
  return ((await response.json()) as { dialogs: unknown[] }).dialogs.length;
}

describe.each(transports)("forged requests over $transport", ({ create, me }) => {
  const write = (headers: Record<string, string>): Promise<{ status: number }> =>
    ask({ method: "POST", path: create, headers: { ...json, ...headers }, body: '{"dialog_name":"abc"}' });

  test.each(origins)("writes with the cookie, Origin $name, any Sec-Fetch-Site", async (origin) => {
    const before = await countDialogs();
    for (const site of sites) {
      const { status } = await write({ Cookie: cookie, ...headersOf(origin, site) });
      expect(status, `Sec-Fetch-Site: ${site}`).toBe(mayWrite(origin, site) ? 200 : 403);
    }
    const passed = sites.filter((site) => mayWrite(origin, site)).length;
    expect(await countDialogs()).toBe(before + passed);
  });

  test.each(origins)("writes without the cookie, Origin $name, any Sec-Fetch-Site", async (origin) => {
    for (const site of sites) {
      const { status } = await write(headersOf(origin, site));
      expect(status, `Sec-Fetch-Site: ${site}`).toBe(mayWrite(origin, site) ? 401 : 403);
    }
  });

  test.each(origins)("reads with the cookie, Origin $name, any Sec-Fetch-Site", async (origin) => {
    for (const site of sites) {
      const headers = { Cookie: cookie, ...headersOf(origin, site) };
      const { status } = await ask({ method: "GET", path: me, headers });
      expect(status, `Sec-Fetch-Site: ${site}`).toBe(mayRead(origin, site) ? 200 : 403);
    }
  });

  test.each(["PUT", "PATCH", "DELETE", "POST"])("%s from a foreign page is refused first", async (method) => {
    const headers = { Cookie: cookie, ...json, Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
    expect((await ask({ method, path: create, headers, body: "{}" })).status).toBe(403);
  });
});

test.each(["/docs", "/openapi.json", "/livez"])("a link on a foreign page opens %s, cookie or not", async (path) => {
  const headers = { Cookie: cookie, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
  expect((await ask({ method: "GET", path, headers })).status).toBe(200);
});

test("a link on a foreign page exports nothing, nor does it open a stream", async () => {
  const headers = { Cookie: cookie, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
  for (const path of ["/me/export", "/runs/1/events", "/trpc/account.export", "/trpc/runs.watch?input=%7B%7D"]) {
    expect([path, (await ask({ method: "GET", path, headers })).status]).toEqual([path, 403]);
  }
});

describe("what a page can send without a preflight", () => {
  const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
  const types = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", undefined];
  const targets = ["/logout", "/trpc/auth.logout", "/dialogs/create", "/trpc/dialogs.create"];
  const cases = targets.flatMap((path) => types.map((type) => ({ path, type })));

  test.each(cases)("POST $path as $type does nothing", async ({ path, type }) => {
    const headers = { Cookie: cookie, ...foreign, ...(type === undefined ? {} : { "Content-Type": type }) };
    const answer = await ask({ method: "POST", path, headers, body: '{"dialog_name":"abc"}' });
    expect(answer.status).toBe(403);
    expect((await ask({ method: "GET", path: "/me", headers: { Cookie: cookie } })).status).toBe(200);
  });

  // A Blob without a type travels without a Content-Type, and needs no preflight.
  test.each(["/create/users", "/trpc/auth.signIn"])("a foreign page cannot sign a visitor in at %s", async (path) => {
    const minted = await fetch(`${app.url}/dev/google-token`, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ sub: "mallory", email: "mallory@example.com" }),
    });
    const headers = { Origin: "https://sibling.example.org", "Sec-Fetch-Site": "same-site" };
    const answer = await ask({ method: "POST", path, headers, body: await minted.text() });
    expect(answer.head).not.toMatch(/^set-cookie/im);
    expect(answer.status).toBe(403);
  });
});

interface Failing {
  name: string;
  sent: () => Sent;
  status: number;
}

const failures: Failing[] = [
  { name: "target", status: 400, sent: () => ({ method: "GET", path: "/%zz", headers: {} }) },
  { name: "method", status: 405, sent: () => ({ method: "TRACE", path: "/", headers: {} }) },
  { name: "address", status: 404, sent: () => ({ method: "GET", path: "/nothing", headers: {} }) },
  {
    name: "length of the address",
    status: 414,
    sent: () => ({ method: "GET", path: `/${"a".repeat(5000)}`, headers: {} }),
  },
  { name: "session", status: 401, sent: () => ({ method: "GET", path: "/me", headers: {} }) },
  { name: "session, tRPC", status: 401, sent: () => ({ method: "GET", path: "/trpc/auth.me", headers: {} }) },
  { name: "key", status: 403, sent: () => ({ method: "GET", path: "/messages", headers: {} }) },
  { name: "input", status: 422, sent: () => post("/dialogs/create", "{}") },
  { name: "input, tRPC", status: 422, sent: () => post("/trpc/dialogs.create", "{}") },
  { name: "JSON", status: 400, sent: () => post("/dialogs/create", "{") },
  { name: "JSON, tRPC", status: 400, sent: () => post("/trpc/dialogs.create", "{") },
  { name: "size", status: 413, sent: () => post("/dialogs/create", `"${"a".repeat(70_000)}"`) },
  {
    name: "type",
    status: 415,
    sent: () => ({ ...post("/dialogs/create", "{}"), headers: { Cookie: cookie, "Content-Type": "text/plain" } }),
  },
  { name: "procedure, tRPC", status: 404, sent: () => ({ method: "GET", path: "/trpc/no.such", headers: {} }) },
];

function post(path: string, body: string): Sent {
  return { method: "POST", path, headers: { Cookie: cookie, ...json }, body };
}

function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\r?$`, "im").exec(head)?.[1];
}

function withOrigin(sent: Sent, origin: string): Sent {
  return { ...sent, headers: { ...sent.headers, Origin: origin, "Sec-Fetch-Site": "same-origin" } };
}

describe("CORS", () => {
  test.each(failures)("the front end may read a refusal of the $name", async ({ sent, status }) => {
    const answer = await ask(withOrigin(sent(), frontOrigin));
    expect(answer.status).toBe(status);
    expect(headerOf(answer.head, "access-control-allow-origin")).toBe(frontOrigin);
    expect(headerOf(answer.head, "access-control-allow-credentials")).toBe("true");
  });

  test.each(failures)("a refusal of the $name says that it depends on the origin", async ({ sent }) => {
    const answer = await ask(withOrigin(sent(), frontOrigin));
    expect(headerOf(answer.head, "vary") ?? "").toMatch(/\borigin\b/i);
  });

  test.each(foreignOrigins)("$name may read nothing", async ({ value }) => {
    for (const path of ["/me", "/trpc/auth.me", "/%zz", "/livez", "/openapi.json", "/docs"]) {
      const answer = await ask(withOrigin({ method: "GET", path, headers: { Cookie: cookie } }, value));
      expect(answer.head).not.toMatch(/^access-control-/im);
    }
  });

  test.each(["/me", "/dialogs/create", "/trpc/auth.me", "/nothing"])(
    "a preflight of the front end for %s passes",
    async (path) => {
      const headers = { Origin: frontOrigin, "Access-Control-Request-Method": "POST" };
      const answer = await ask({ method: "OPTIONS", path, headers });
      expect(answer.status).toBe(204);
      expect(headerOf(answer.head, "access-control-allow-origin")).toBe(frontOrigin);
      expect(headerOf(answer.head, "access-control-max-age")).toBe("600");
    },
  );

  test.each(foreignOrigins)("a preflight of $name is refused", async ({ value }) => {
    const headers = { Origin: value, "Access-Control-Request-Method": "POST" };
    const answer = await ask({ method: "OPTIONS", path: "/dialogs/create", headers });
    expect(answer.status).toBe(403);
    expect(answer.head).not.toMatch(/^access-control-/im);
  });
});

test("where the cookie is for HTTPS only, a page without TLS of the same host writes nothing", async () => {
  const secure = await startGuardedApp({ env: { SECURE_HTTP_HTTPS: "true" } });
  const { cookie: session } = await signInPerson(secure.url, "ann");
  const write = async (origin: string): Promise<number | undefined> => {
    const headers = [`Host: 127.0.0.1:${secure.port}`, `Origin: ${origin}`, `Cookie: ${session}`];
    const request = rawRequest("POST /dialogs HTTP/1.1", [...headers, "Content-Type: application/json"], "{}");
    return (await sendRaw(request, { port: secure.port })).statuses[0];
  };
  expect(await write(`http://127.0.0.1:${secure.port}`)).toBe(403);
  expect(await write(`https://127.0.0.1:${secure.port}`)).toBe(200);
  await secure.stop();
});
