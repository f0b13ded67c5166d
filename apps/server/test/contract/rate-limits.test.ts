import { testKeys } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { frontOrigin, mintDevToken, sessionTokenOf, useApi, type Api } from "../support/api.ts";
import type { Reply, RequestOptions, Target } from "../support/http.ts";

const quota = 10;
const quotas = ["SIGN_INS", "PUBLIC", "REFUSALS", "SENDS", "CHANGES", "READS", "CLAIMS", "REPORTS", "OPERATORS"];

/** Every quota is small, and clients come through a proxy, so that each test has an address of its own. */
const env = {
  TRUSTED_PROXIES: "127.0.0.1",
  RATE_EXPORTS_PER_HOUR: String(quota),
  ...Object.fromEntries(quotas.map((name) => [`RATE_${name}_PER_MINUTE`, String(quota)])),
};

let addresses = 0;

/** Headers of a client at an address that no other test uses. */
function freshClient(): { "X-Forwarded-For": string } {
  addresses += 1;
  return { "X-Forwarded-For": `203.0.113.${addresses}` };
}

type Headers = Record<string, string>;

async function asNewPerson(api: Api): Promise<Headers> {
  const client = freshClient();
  const json = { token: await mintDevToken(api.request) };
  return {
    ...client,
    Cookie: `access_token=${sessionTokenOf(await api.request("POST /create/users", { json, headers: client }))}`,
  };
}

interface Case {
  policy: string;
  target: Target;
  procedure: string;
  /** Input of the procedure; without it the operation takes none. */
  input?: object;
  /** Body of the REST operation, if it is not the input. */
  json?: object;
  headersOf: (api: Api) => Headers | Promise<Headers>;
}

const lease = { lease_token: "6a7c1f0e-3a0b-4b9e-9f59-1f1c7f6c2d11" };
const withKey = (): Headers => ({ ...freshClient(), "X-Messages-Key": testKeys.messages });

/** One operation of each policy. Most are refused by their use case, which counts like any other call. */
const cases: Case[] = [
  {
    policy: "sign_in",
    target: "POST /create/users",
    procedure: "auth.signIn",
    input: { token: "x" },
    headersOf: freshClient,
  },
  { policy: "public", target: "GET /config", procedure: "config.get", headersOf: freshClient },
  { policy: "refused", target: "GET /me", procedure: "auth.me", headersOf: freshClient },
  { policy: "read", target: "GET /me", procedure: "auth.me", headersOf: asNewPerson },
  {
    policy: "change",
    target: "POST /dialogs/rename",
    procedure: "dialogs.rename",
    input: { dialog_id: 2_000_000_000, dialog_name: "abc" },
    headersOf: asNewPerson,
  },
  {
    policy: "send",
    target: "POST /send/message/ai",
    procedure: "messages.send",
    input: { dialog_id: 2_000_000_000, text_user: "Hello" },
    headersOf: asNewPerson,
  },
  { policy: "export", target: "GET /me/export", procedure: "account.export", headersOf: asNewPerson },
  {
    policy: "claim",
    target: "POST /worker/claim",
    procedure: "worker.claim",
    input: { worker: "w", wait_ms: 0 },
    headersOf: withKey,
  },
  {
    policy: "report",
    target: "POST /worker/runs/2000000000/heartbeat",
    procedure: "worker.heartbeat",
    input: { run_id: 2_000_000_000, ...lease },
    json: lease,
    headersOf: withKey,
  },
  {
    policy: "operator",
    target: "GET /health",
    procedure: "health.check",
    headersOf: () => ({ ...freshClient(), "X-Health-Key": testKeys.health }),
  },
];

type Send = (headers: Headers) => Promise<Reply>;

interface TrpcEnvelope {
  error?: { data: { httpStatus: number; code: string } };
}

/** The statuses of the calls of a request. */
function statusesOf({ body, status }: Reply): number[] {
  return Array.isArray(body) ? (body as TrpcEnvelope[]).map(({ error }) => error?.data.httpStatus ?? 200) : [status];
}

const batchSize = 3;

/** The same call in all forms that a client can give it. A batch counts as its calls. */
function formsOf(api: Api, { target, procedure, input, json = input }: Case): Send[] {
  const [method, path] = target.split(" ") as [string, string];
  const names = Array.from({ length: batchSize }, () => procedure).join(",");
  const inputs = Object.fromEntries(Array.from({ length: batchSize }, (_, index) => [index, input]));
  const send =
    (form: string, body: object | undefined): Send =>
    (headers) =>
      api.request(`${method} ${form}` as Target, { headers, ...(body === undefined ? {} : { json: body }) });
  const isGet = method === "GET";
  return [
    (headers) => api.call(target, { headers, ...(json === undefined ? {} : { json }) }),
    send(`${path}/`, json),
    send(`/trpc/${procedure}`, isGet ? undefined : input),
    send(`/trpc/${names}?batch=1`, isGet ? undefined : inputs),
  ];
}

describe("requests are counted", () => {
  const api = useApi(env);

  it.for(cases)("$policy: slashes, transports and batches use one quota, all at once", async (each) => {
    const headers = await each.headersOf(api);
    const sends = formsOf(api, each);
    const replies = await Promise.all([...sends, ...sends, ...sends].map((send) => send(headers)));
    const statuses = replies.flatMap(statusesOf);
    const calls = 3 * (sends.length - 1 + batchSize);
    expect(statuses).toHaveLength(calls);
    expect(statuses.filter((status) => status === 429)).toHaveLength(calls - quota);
  });

  it("says on every response what is left, and when to come back once nothing is", async () => {
    const headers = { ...(await asNewPerson(api)), Origin: frontOrigin };
    for (let left = quota - 1; left >= 0; left -= 1) {
      const reply = await api.call("GET /me", { headers });
      expect(reply.headers["ratelimit-policy"]).toBe(`"read";q=${quota};w=60`);
      expect(reply.headers["ratelimit"]).toMatch(new RegExp(`^"read";r=${left};t=\\d+$`));
      expect([reply.status, reply.headers["retry-after"]]).toEqual([200, undefined]);
    }
    const { status, headers: received, body } = await api.call<Record<string, unknown>>("GET /me", { headers });
    const seconds = Number(received["retry-after"]);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(received["ratelimit"]).toBe(`"read";r=0;t=${seconds}`);
    expect(received["access-control-expose-headers"]).toContain("RateLimit, RateLimit-Policy");
    expect([status, body]).toEqual([
      429,
      expect.objectContaining({ code: "too_many_requests", policy: "read", retry_after: seconds }),
    ]);
  });

  it("names each quota that a batch used", async () => {
    const headers = await asNewPerson(api);
    const reply = await api.request("GET /trpc/auth.me,config.get,auth.me?batch=1", { headers });
    expect(reply.headers["ratelimit-policy"]).toContain('"public";q=10;w=60');
    expect(reply.headers["ratelimit"]).toMatch(/"read";r=8;t=\d+/);
  });

  const wrongKey = (client: Headers): Promise<Reply> =>
    api.call("GET /messages", { headers: { ...client, "X-Messages-Key": "wrong" } });

  it("a worker with a good key works on beside somebody who tries wrong ones from the same address", async () => {
    const client = freshClient();
    for (let count = 0; count < quota; count += 1) expect((await wrongKey(client)).status).toBe(403);
    expect((await wrongKey(client)).status).toBe(429);
    const good = { ...client, "X-Messages-Key": testKeys.messages };
    const heartbeat = await api.call("POST /worker/runs/2000000000/heartbeat", { json: lease, headers: good });
    expect([404, 429]).toContain(heartbeat.status);
    expect(heartbeat.headers["ratelimit"]).toContain('"report"');
    expect((await wrongKey(freshClient())).status).toBe(403);
  });

  it.for<[string, Target, RequestOptions]>([
    ["unknown paths", "GET /no/such/path", {}],
    ["unknown calls", "GET /trpc/no.such", {}],
    ["foreign origins", "POST /dialogs", { headers: { Origin: "https://evil.example" } }],
    ["two credentials", "GET /me", { headers: { "X-Messages-Key": "one", "X-Health-Key": "other" } }],
    [
      "two credentials in a call",
      "GET /trpc/auth.me",
      { headers: { "X-Messages-Key": "one", "X-Health-Key": "other" } },
    ],
    ["reads of foreign pages", "GET /me", { headers: { Origin: "https://evil.example", Cookie: "access_token=x" } }],
    ["wrong keys of operators", "GET /metrics", { headers: { "X-Health-Key": "wrong" } }],
    ["batches that are too large", `GET /trpc/${"auth.me,".repeat(11)}auth.me?batch=1`, {}],
  ])("%s use the quota of refusals of their address", async ([, target, options]) => {
    const client = freshClient();
    const headers = { ...options.headers, ...client };
    for (let count = 0; count < quota; count += 1) {
      expect((await api.request(target, { ...options, headers })).status).not.toBe(429);
    }
    const refused = await api.request(target, { ...options, headers });
    expect([refused.status, Number(refused.headers["retry-after"]) > 0]).toEqual([429, true]);
    expect((await wrongKey(client)).status).toBe(429);
  });

  it("the documentation uses the quota of what needs no credential", async () => {
    const headers = freshClient();
    const pages = ["/docs", "/docs/init.js", "/docs/swagger-ui-bundle.js", "/openapi.json", "/redoc"];
    for (let count = 0; count < quota; count += 1) {
      expect((await api.request(`GET ${pages[count % pages.length]}` as Target, { headers })).status).not.toBe(429);
    }
    for (const page of pages) expect((await api.request(`GET ${page}` as Target, { headers })).status).toBe(429);
    expect((await api.call("GET /config", { headers })).status).toBe(429);
    expect((await api.request("GET /livez", { headers })).status).toBe(200);
  });

  it("addresses of one IPv6 /64 share a quota, and the next /64 has its own", async () => {
    const configFrom = async (address: string): Promise<number> =>
      (await api.call("GET /config", { headers: { "X-Forwarded-For": address } })).status;
    for (let count = 0; count < quota; count += 1) expect(await configFrom(`2001:db8:0:1::${count}`)).toBe(200);
    expect(await configFrom("2001:db8:0:1:ffff::1")).toBe(429);
    expect(await configFrom("2001:db8:0:2::1")).toBe(200);
  });
});

describe("without a trusted proxy", () => {
  const api = useApi({ RATE_PUBLIC_PER_MINUTE: String(quota) });

  it("a client cannot escape its quota by naming other addresses", async () => {
    const statuses: number[] = [];
    for (let count = 0; count <= quota; count += 1) {
      const headers = { ...freshClient(), "X-Real-IP": `198.51.100.${count}` };
      statuses.push((await api.call("GET /config", { headers })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: quota }, () => 200), 429]);
  });
});
