import { describe, expect, it } from "vitest";
import { runSql, useApi, type Person } from "../support/api.ts";
import { openEvents } from "../support/event-source.ts";
import type { Reply, RequestOptions, Target } from "../support/http.ts";
import { expectProblem } from "../support/problem.ts";
import { claimRun } from "../support/worker.ts";

interface Key {
  key_id: string;
  key: string;
}

const trpc = (name: string): Target => `POST /trpc/${name}`;

describe("service keys", () => {
  const api = useApi({ ADMIN_EMAILS: "operator@example.com" });

  const makeKey = async (scopes: string[], more: Record<string, unknown> = {}): Promise<Key> => {
    const operator = await api.signIn({ sub: "operator", email: "Operator@example.com" });
    const { status, body } = await operator.call<Key>("POST /operator/keys", { json: { name: "k", scopes, ...more } });
    expect(status).toBe(201);
    return body;
  };

  it("work in their header and as the bearer token, on both transports", async () => {
    const { key } = await makeKey(["runs"]);
    const claim = { worker: "w", wait_ms: 0 };
    for (const headers of [{ "X-Messages-Key": key }, { Authorization: `Bearer ${key}` }]) {
      expect((await api.call("POST /worker/claim", { json: claim, headers })).status).toBe(200);
      expect((await api.request(trpc("worker.claim"), { json: claim, headers })).status).toBe(200);
    }
  });

  it.each<{ name: string; status: number; code: string; options: (key: string) => RequestOptions }>([
    { name: "none", status: 401, code: "key_missing", options: () => ({}) },
    {
      name: "a mistyped one",
      status: 401,
      code: "key_invalid",
      options: (key) => ({ headers: { "X-Messages-Key": `${key.slice(0, -1)}_` } }),
    },
    {
      name: "one without the scope",
      status: 403,
      code: "scope_missing",
      options: (key) => ({ headers: { Authorization: `Bearer ${key}` } }),
    },
  ])("$name is $status $code on both transports", async ({ status, code, options }) => {
    const { key } = await makeKey(["feedback"]);
    const json = { worker: "w" };
    const rest = await api.call("POST /worker/claim", { json, ...options(key) });
    expect(expectProblem(rest, status).code).toBe(code);
    const overTrpc = await api.request<{ error: { data: { error_code: string } } }>(trpc("worker.claim"), {
      json,
      ...options(key),
    });
    expect([overTrpc.status, overTrpc.body.error.data.error_code]).toEqual([status, code]);
    for (const { headers } of [rest, overTrpc]) {
      expect(headers["www-authenticate"]).toBe(status === 401 ? "Bearer" : undefined);
    }
    const original = await api.call("GET /messages", options(key));
    expect(expectProblem(original, 403).code).toBe(code === "scope_missing" ? code : "key_refused");
  });

  it("that is revoked is refused at once, and its run is queued again with its attempt", async () => {
    const { key, key_id } = await makeKey(["runs"], { expires_in_days: 30 });
    const ann = await api.signIn();
    const { body: created } = await ann.call<{ dialog: number }>("POST /dialogs/create", {
      json: { dialog_name: "talk" },
    });
    await ann.call(`POST /dialogs/${created.dialog}/runs`, { json: { text_user: "question" } });
    const headers = { "X-Messages-Key": key };
    const claimed = await api.call("POST /worker/claim", { json: { worker: "w", wait_ms: 5_000 }, headers });
    expect(claimed.body).toMatchObject({ runs: [{ attempt: 1 }] });
    const operator = await api.signIn({ sub: "operator", email: "operator@example.com" });
    expect((await operator.call(`DELETE /operator/keys/${key_id}`)).status).toBe(200);
    expectProblem(await api.call("POST /worker/claim", { json: { worker: "w" }, headers }), 401);
    expect(await claimRun(api)).toMatchObject({ dialog_id: created.dialog, attempt: 1 });
    expectProblem(await operator.call(`DELETE /operator/keys/${key_id}`), 404);
  });

  it("are listed without themselves; each change is in the audit log", async () => {
    const { key, key_id } = await makeKey(["runs"], { assistants: ["deepbot"] });
    const operator = await api.signIn({ sub: "operator", email: "operator@example.com" });
    await operator.call(`PATCH /operator/keys/${key_id}`, { json: { name: "renamed" } });
    const { text } = await operator.call("GET /operator/keys");
    expect(text).toContain(key_id);
    expect(text).not.toContain(key.slice(10));
    const rows = () =>
      runSql(api.database, `select user_id, facts from audit_events where key_id = '${key_id}' order by event_id`);
    await expect.poll(async () => (await rows()).length).toBeGreaterThanOrEqual(2);
    expect(await rows()).toMatchObject([
      { facts: { change: "created", after: { assistants: ["deepbot"] } } },
      {
        facts: {
          change: "updated",
          before: { name: "k" },
          after: { name: "renamed" },
        },
      },
    ]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["no name", { scopes: ["runs"] }],
    ["no scope", { name: "k", scopes: [] }],
    ["an unknown scope", { name: "k", scopes: ["everything"] }],
    ["a scope twice", { name: "k", scopes: ["runs", "runs"] }],
    ["no assistant", { name: "k", scopes: ["runs"], assistants: [] }],
    ["an unknown member", { name: "k", scopes: ["runs"], admin: true }],
    ["a life of no day", { name: "k", scopes: ["runs"], expires_in_days: 0 }],
  ])("cannot be made with %s", async (_, json) => {
    const operator = await api.signIn({ sub: "operator", email: "operator@example.com" });
    expectProblem(await operator.call("POST /operator/keys", { json }), 422);
  });
});

describe("a personal token", () => {
  const api = useApi();

  const makeToken = async (person: Person): Promise<{ token: string; token_id: string }> =>
    (await person.call<{ token: string; token_id: string }>("POST /me/tokens", { json: { name: "script" } })).body;
  const asScript =
    (token: string) =>
    (target: Target, options: RequestOptions = {}): Promise<Reply> =>
      api.call(target, { ...options, headers: { Authorization: `Bearer ${token}`, ...options.headers } });

  it("asks a question and watches the answer, without a cookie", async () => {
    const ann = await api.signIn();
    const { token } = await makeToken(ann);
    const call = asScript(token);
    const created = (await call("POST /dialogs/create", { json: { dialog_name: "talk" } })) as Reply<{
      dialog: number;
    }>;
    const started = (await call(`POST /dialogs/${created.body.dialog}/runs`, {
      json: { text_user: "question" },
    })) as Reply<{ run_id: number }>;
    expect([created.status, started.status]).toEqual([200, 202]);
    expect([created, started].map(({ headers }) => headers["set-cookie"])).toEqual([undefined, undefined]);
    const url = `${api.url}/runs/${started.body.run_id}/events`;
    const events = await openEvents(url, { cookie: "", authorization: `Bearer ${token}` });
    expect(events.status).toBe(200);
    await expect.poll(() => events.events.length).toBeGreaterThan(0);
    events.close();
  });

  it("is accepted whatever the origin, because no browser sends it by itself", async () => {
    const ann = await api.signIn();
    const { token } = await makeToken(ann);
    const headers = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
    const json = { dialog_name: "talk" };
    expect((await asScript(token)("POST /dialogs/create", { json, headers })).status).toBe(200);
    expectProblem(await ann.call("POST /dialogs/create", { json, headers }), 403);
  });

  it("beside another credential is refused", async () => {
    const ann = await api.signIn();
    const { token } = await makeToken(ann);
    for (const headers of [{ Cookie: ann.cookie }, { "X-Messages-Key": "x" }, { "X-Health-Key": "x" }]) {
      const reply = await asScript(token)("GET /me", { headers: { ...headers } });
      expect(expectProblem(reply, 400).code).toBe("credentials_mixed");
    }
  });

  it("that is not written as the scheme demands is refused, also beside a cookie", async () => {
    const ann = await api.signIn();
    const { token } = await makeToken(ann);
    const reply = await ann.call("GET /me", { headers: { Authorization: `Bearer\t${token}` } });
    expect(expectProblem(reply, 400).code).toBe("authorization_malformed");
  });

  it("that is wrong or has ended is 401 with WWW-Authenticate, and is no key", async () => {
    const ann = await api.signIn();
    const { token, token_id } = await makeToken(ann);
    const wrong = await asScript(`${token.slice(0, -1)}_`)("GET /me");
    expect(expectProblem(wrong, 401).code).toBe("token_invalid");
    expect(wrong.headers["www-authenticate"]).toBe("Bearer");
    expectProblem(await asScript(token)("POST /worker/claim", { json: { worker: "w" } }), 401);
    expectProblem(await asScript(token)("GET /messages"), 403);
    expect((await ann.call(`DELETE /me/tokens/${token_id}`)).status).toBe(200);
    expectProblem(await asScript(token)("GET /me"), 401);
  });

  it("signs nobody out: it has no session, and logs out without a cookie", async () => {
    const ann = await api.signIn();
    const { token } = await makeToken(ann);
    const reply = await asScript(token)("POST /logout");
    expect([reply.status, reply.headers["set-cookie"]]).toEqual([200, undefined]);
    expect((await ann.call("GET /me")).status).toBe(200);
    expect(expectProblem(await asScript(token)("POST /logout/everywhere"), 403).code).toBe("token_not_allowed");
    expect(expectProblem(await asScript(token)(`DELETE /me?user_id=${ann.userId}`), 403).code).toBe(
      "token_not_allowed",
    );
    expect(expectProblem(await asScript(token)("GET /me/tokens"), 403).code).toBe("token_not_allowed");
    expect((await asScript(token)("GET /me/export")).status).toBe(200);
  });
});
