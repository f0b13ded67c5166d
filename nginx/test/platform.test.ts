import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "@deepbot/contract";
import { describePostgres } from "@deepbot/db/testing";
import {
  hostName,
  signInPerson,
  startServerProcess,
  testKeys,
  until,
  type Person,
  type ServerProcess,
} from "@deepbot/testing";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProxy, type Proxy } from "./support/proxy.ts";
import { openRaw, statusOf } from "./support/raw.ts";
import { openRequest, type HttpResponse } from "./support/requests.ts";

/** Requests that one address may make without a credential, at both servers together. */
const publicQuota = 20;

const settings = {
  ADDRESS_FRONT: `https://${hostName}`,
  ALLOWED_HOSTS: `${hostName},127.0.0.1`,
  SECURE_HTTP_HTTPS: "true",
  TRUSTED_PROXIES: "127.0.0.1",
  SERVER_COUNT: "2",
  RATE_PUBLIC_PER_MINUTE: String(publicQuota),
};

interface Claimed {
  runs: { run_id: number; lease_token: string }[];
}

describePostgres("two servers behind nginx", () => {
  let database: ProcessDatabase;
  let servers: ServerProcess[];
  let proxy: Proxy;
  let ann: Person;

  beforeAll(async () => {
    database = await createProcessDatabase();
    servers = await Promise.all([0, 1].map(() => startServerProcess({ ...database.env, ...settings })));
    proxy = await startProxy({
      backends: servers.map(({ port }) => `127.0.0.1:${port}`),
      env: { BALANCER_ADDRESSES: "127.0.0.1" },
    });
    const [first] = servers;
    if (first === undefined) throw new Error("No server has started.");
    ann = await signInPerson(first.url, "ann");
  });

  afterAll(async () => {
    await proxy.stop();
    for (const server of servers) await server.kill();
    await database.drop();
  });

  const call = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<HttpResponse> =>
    proxy.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  const callAsAnn = (path: string, body: unknown): Promise<HttpResponse> => call(path, body, { cookie: ann.cookie });

  const callAsWorker = async <T>(path: string, body: unknown): Promise<T> => {
    const response = await call(path, body, { "x-messages-key": testKeys.messages });
    expect(response.status, response.text).toBe(200);
    return JSON.parse(response.text) as T;
  };

  const isAlive = async (server: ServerProcess): Promise<boolean> => (await fetch(`${server.url}/livez`)).ok;

  /** Sends a question of ann, which a worker claims. */
  async function ask(): Promise<{ runId: number; leaseToken: string; dialogId: number }> {
    const created = await callAsAnn("/dialogs/create", { dialog_name: "abc" });
    const { dialog: dialogId } = JSON.parse(created.text) as { dialog: number };
    expect((await callAsAnn(`/dialogs/${dialogId}/runs`, { text_user: "Hello" })).status).toBe(202);
    const { runs } = await callAsWorker<Claimed>("/worker/claim", { worker: "test", wait_ms: 20_000 });
    const [run] = runs;
    if (run === undefined) throw new Error("No run was claimed.");
    return { runId: run.run_id, leaseToken: run.lease_token, dialogId };
  }

  test("the session cookie is for HTTPS only and works at both servers", async () => {
    const [server] = servers;
    const minted = await fetch(`${server?.url}/dev/google-token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sub: "bob", email: "bob@example.com" }),
    });
    const response = await call("/create/users", await minted.json(), { origin: `https://${hostName}` });
    expect(response.status).toBe(200);
    const [cookie = ""] = response.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^__Host-access_token=[^;]+;.*Path=\/;.*HttpOnly;.*Secure;.*SameSite=Lax/);
    for (let count = 0; count < 4; count += 1) {
      expect((await proxy.request("/me", { headers: { cookie: cookie.split(";")[0] ?? "" } })).status).toBe(200);
    }
  });

  test("both servers together grant each client one quota, and know clients by the addresses that nginx names", async () => {
    const configFrom = async (address: string): Promise<number> =>
      (await proxy.request("/config", { headers: { "x-forwarded-for": address } })).status;
    const statuses = await Promise.all(Array.from({ length: 2 * publicQuota }, () => configFrom("203.0.113.1")));
    const granted = statuses.filter((status) => status === 200).length;
    expect(granted).toBeGreaterThanOrEqual(publicQuota / 2);
    expect(granted).toBeLessThanOrEqual(publicQuota);
    expect(await configFrom("203.0.113.2")).toBe(200);
  });

  test("a write from a page of another site is refused", async () => {
    const headers = { cookie: ann.cookie, origin: "https://evil.example" };
    expect((await call("/dialogs/create", { dialog_name: "abc" }, headers)).status).toBe(403);
  });

  const get = (target: string, ...headers: string[]): string =>
    ["GET " + target + " HTTP/1.1", `Host: ${hostName}`, "Connection: close", ...headers, "", ""].join("\r\n");

  describe("a hostile request is refused and stops no server:", () => {
    test.each([
      { name: "//", bytes: get("//"), statuses: [400] },
      { name: "//host/path", bytes: get("//evil.example/me"), statuses: [400] },
      { name: "TRACE", bytes: get("/any").replace("GET", "TRACE"), statuses: [405] },
      { name: "CONNECT", bytes: get("evil.example:443").replace("GET", "CONNECT"), statuses: [400, 405] },
      { name: "an unknown method", bytes: get("/me").replace("GET", "BREW"), statuses: [400] },
      { name: "a Host with a space", bytes: get("/me").replace(hostName, "a b"), statuses: [400] },
      { name: "a Host that is not ours", bytes: get("/me").replace(hostName, "evil.example"), statuses: [421] },
      { name: "no Host", bytes: "GET /me HTTP/1.1\r\n\r\n", statuses: [400] },
      { name: "two Hosts", bytes: get("/me", `Host: ${hostName}`), statuses: [400] },
      { name: "an absolute target that is broken", bytes: get("http://["), statuses: [400] },
      { name: "an absolute target elsewhere", bytes: get("http://evil.example/me"), statuses: [421] },
      { name: "an absolute target with two slashes", bytes: get(`http://${hostName}//me`), statuses: [400] },
      { name: "an asterisk", bytes: get("*"), statuses: [400] },
      { name: "a broken escape", bytes: get("/me/%zz"), statuses: [400] },
      { name: "an escape that is no UTF-8", bytes: get("/dialogs/%ff"), statuses: [400] },
      { name: "NUL", bytes: get("/me/%00"), statuses: [400] },
      { name: "dot segments", bytes: get("/trpc/../trpc/auth.me"), statuses: [400] },
      { name: "a header of 16 KiB", bytes: get("/me", `X-Large: ${"x".repeat(16 * 1024)}`), statuses: [431] },
      {
        name: "headers of 24 KiB",
        bytes: get("/me", ...["a", "b", "c"].map((name) => `X-${name}: ${"x".repeat(7 * 1024)}`)),
        statuses: [431],
      },
      { name: "two lengths", bytes: get("/me", "Content-Length: 1", "Content-Length: 2"), statuses: [400] },
      {
        name: "a length and chunks",
        bytes: get("/me", "Content-Length: 5", "Transfer-Encoding: chunked"),
        statuses: [400],
      },
      { name: "no HTTP", bytes: "\u0016\u0003\u0001\r\n\r\n", statuses: [400] },
    ])("$name", async ({ bytes, statuses }) => {
      expect(statuses).toContain(await statusOf(proxy, bytes));
      expect(await Promise.all(servers.map(isAlive))).toEqual([true, true]);
    });
  });

  test.each([
    { transport: "REST", path: (runId: number) => `/runs/${runId}/events` },
    {
      transport: "tRPC",
      path: (runId: number) => `/trpc/runs.watch?input=${encodeURIComponent(JSON.stringify({ run_id: runId }))}`,
    },
  ])("$transport: each delta of an answer arrives before the next is sent", async ({ path }) => {
    const { runId, leaseToken } = await ask();
    const stream = await openRequest(
      { port: proxy.ports.https, certificate: proxy.certificate, host: hostName },
      path(runId),
      {
        headers: { cookie: ann.cookie, accept: "text/event-stream" },
      },
    );
    expect(stream.headers["content-type"]).toContain("text/event-stream");
    let seen = "";
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      seen += chunk;
    });
    for (const [index, piece] of ["alpha", "bravo", "charlie"].entries()) {
      expect(seen).not.toContain(piece);
      await callAsWorker(`/worker/runs/${runId}/append`, { lease_token: leaseToken, seq: index + 1, text: piece });
      await until(`${piece} arrives`, () => seen.includes(piece));
    }
    await callAsWorker(`/worker/runs/${runId}/complete`, { lease_token: leaseToken, text: "alphabravocharlie" });
    await until("the end arrives", () => seen.includes("completed"));
    stream.destroy();
  });

  test("an answer of the largest allowed size is stored", async () => {
    const { runId, leaseToken, dialogId } = await ask();
    const text = "\u0001".repeat(limits.answerMaxBytes);
    await callAsWorker(`/worker/runs/${runId}/complete`, { lease_token: leaseToken, text });
    const dialog = await proxy.request(`/dialogs/${dialogId}`, { headers: { cookie: ann.cookie } });
    expect(dialog.text).toContain(JSON.stringify(text));
  });

  test("slow clients are disconnected while others are served", async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, () => openRaw(proxy)));
    let cut = 0;
    for (const { socket, closed } of slow) {
      socket.write("GET /me HTTP/1.1\r\n");
      void closed.then(() => {
        cut += 1;
      });
    }
    const drip = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write("x");
    }, 1_000);
    const served: number[] = [];
    await until("all slow clients are disconnected", async () => {
      const start = performance.now();
      expect((await proxy.request("/me", { headers: { cookie: ann.cookie } })).status).toBe(200);
      served.push(performance.now() - start);
      // Stays below the limit of requests per second.
      await delay(40);
      return cut === slow.length;
    });
    clearInterval(drip);
    expect(served.length).toBeGreaterThan(20);
    expect(served.toSorted((a, b) => a - b)[Math.floor(served.length * 0.95)]).toBeLessThan(1_000);
  });

  // This test comes last: it kills a server.
  test("when a server is killed, the other serves the next request", async () => {
    const [first] = servers;
    await first?.kill();
    for (let count = 0; count < 10; count += 1) {
      expect((await proxy.request("/me", { headers: { cookie: ann.cookie } })).status).toBe(200);
      expect((await callAsAnn("/dialogs", {})).status).toBe(200);
    }
    const socket = await openRaw(proxy);
    socket.socket.write(get("/readyz"));
    await once(socket.socket, "data");
    expect(socket.received()).toContain("HTTP/1.1 200 OK");
    socket.socket.destroy();
  });
});
