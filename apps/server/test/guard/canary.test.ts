import { startServerProcess, testKeys } from "@deepbot/testing";
import { createProcessDatabase } from "@deepbot/testing/database";
import { describe, expect, test } from "vitest";
import { startGuardedApp } from "./support/guarded-app.ts";
import { signHmac } from "./support/forge.ts";

/** A server under test, in this process or in one of its own, and what it has logged. */
interface Logged {
  url: string;
  log: () => string;
  stop: () => Promise<unknown>;
}

async function startWithJsonLog(): Promise<Logged> {
  return startGuardedApp();
}

async function startWithReadableLog(): Promise<Logged> {
  const database = await createProcessDatabase();
  const server = await startServerProcess({ ...database.env, LOG_LEVEL: "debug" });
  return {
    url: server.url,
    log: server.output,
    stop: async () => {
      await server.stop();
      await database.drop();
    },
  };
}

/** One unique word per input. */
class Secrets {
  readonly all: string[] = [];
  make(length = 18): string {
    const word = `zq${crypto.randomUUID().replaceAll("-", "")}`.slice(0, length);
    this.all.push(word);
    return word;
  }
}

interface Ask {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Calls the server and keeps the bodies of all refusals. */
function createClient(url: string): {
  refusals: string[];
  ask: (given: Ask) => Promise<{ body: Record<string, unknown>; cookie: string }>;
} {
  const refusals: string[] = [];
  return {
    refusals,
    ask: async ({ method = "POST", path, headers = {}, body }) => {
      const response = await fetch(url + path, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) refusals.push(text);
      const cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
      return { body: JSON.parse(text) as Record<string, unknown>, cookie };
    },
  };
}

type Client = ReturnType<typeof createClient>;

async function signIn({ ask }: Client, secrets: Secrets): Promise<string> {
  const person = {
    sub: secrets.make(),
    email: `${secrets.make()}@example.com`,
    given_name: secrets.make(),
    family_name: secrets.make(),
    picture: `https://example.com/${secrets.make()}`,
  };
  const { body } = await ask({ path: "/dev/google-token", body: person });
  const headers = { "user-agent": secrets.make() };
  const { cookie } = await ask({ path: "/create/users", headers, body: { token: body["token"] } });
  secrets.all.push(String(body["token"]), cookie.slice("access_token=".length));
  return cookie;
}

/** What a person does right and wrong, a secret in every input. */
async function usePerson(client: Client, secrets: Secrets): Promise<{ cookie: string; dialog: unknown }> {
  const cookie = await signIn(client, secrets);
  const headers = { cookie };
  const { ask } = client;
  const { body } = await ask({ path: "/dialogs/create", headers, body: { dialog_name: secrets.make() } });
  const dialog = body["dialog"];
  await ask({ path: "/dialogs/rename", headers, body: { dialog_id: dialog, dialog_name: secrets.make() } });
  await ask({ path: "/dialogs/create", headers, body: { dialog_name: secrets.make(40) + secrets.make(40) } });
  await ask({ path: "/dialogs/create", headers, body: { dialog_name: [secrets.make()] } });
  await ask({ path: "/dialogs/create", headers, body: `{"dialog_name":"${secrets.make()}` });
  await ask({ path: "/trpc/dialogs.create", headers, body: `{"dialog_name":"${secrets.make()}` });
  await ask({ path: "/dialogs/delete", headers, body: { dialog_id: secrets.make() } });
  await ask({ path: `/dialogs/${String(dialog)}/runs`, headers, body: { text_user: secrets.make() } });
  await ask({ path: `/dialogs/${String(dialog)}/runs`, headers, body: { text_user: secrets.make() } });
  await ask({ path: "/send/message/ai", headers, body: { dialog_id: dialog, text_user: secrets.make() } });
  await ask({ path: "/trpc/messages.send", headers, body: { dialog_id: dialog, text_user: secrets.make() } });
  await ask({ path: "/trpc/runs.start", headers, body: { dialog_id: 987_654, text_user: `${secrets.make()}\u0000` } });
  await ask({
    method: "GET",
    path: `/me?code=${secrets.make()}`,
    headers: { referer: `https://x/${secrets.make()}`, "user-agent": secrets.make() },
  });
  await ask({ method: "GET", path: "/me/export", headers });
  await ask({ method: "DELETE", path: `/me?user_id=${secrets.make()}`, headers });
  await ask({ method: "GET", path: `/dialogs/${String(dialog)}/messages?before=${secrets.make()}`, headers });
  await ask({ method: "GET", path: `/nothing?code=${secrets.make()}` });
  await ask({ method: "GET", path: `/trpc/dialogs.get?input=${secrets.make()}`, headers });
  return { cookie, dialog };
}

/** Credentials that are no good. */
async function tryCredentials({ ask }: Client, secrets: Secrets): Promise<void> {
  const jwt = (): string => signHmac({ sub: secrets.make(), sid: secrets.make() }, { secret: secrets.make() });
  const remember = (token: string): string => (secrets.all.push(token), token);
  await ask({ path: "/create/users", body: { token: secrets.make() } });
  await ask({ path: "/create/users", body: { token: remember(jwt()) } });
  await ask({ path: "/trpc/auth.signIn", body: { token: remember(jwt()) } });
  await ask({ path: "/create/users", body: { token: { deep: secrets.make() } } });
  await ask({ path: "/dev/google-token", body: { sub: `${secrets.make()} bad`, email: secrets.make() } });
  await ask({ method: "GET", path: "/me", headers: { cookie: `access_token=${remember(jwt())}` } });
  await ask({ method: "GET", path: "/me", headers: { authorization: `Bearer ${secrets.make()}` } });
  for (const path of ["/messages", "/health", "/trpc/messages.pending", "/trpc/health.check"]) {
    await ask({ method: "GET", path, headers: { "x-messages-key": secrets.make() } });
    await ask({ method: "GET", path, headers: { "x-health-key": secrets.make() } });
    await ask({ method: "GET", path, headers: { "x-messages-key": secrets.make(), "x-health-key": secrets.make() } });
  }
}

/** What a worker reports, right and wrong. */
async function useWorker({ ask }: Client, secrets: Secrets, dialog: unknown): Promise<void> {
  const headers = { "x-messages-key": testKeys.messages };
  const claimed = await ask({ path: "/worker/claim", headers, body: { worker: "w" } });
  const [run] = claimed.body["runs"] as { run_id: number; lease_token: string; user_id: number }[];
  const lease = { lease_token: run?.lease_token };
  secrets.all.push(String(run?.lease_token));
  const path = `/worker/runs/${run?.run_id}`;
  await ask({ path: `${path}/complete`, headers, body: { lease_token: crypto.randomUUID(), text: secrets.make() } });
  await ask({ path: `${path}/complete`, headers, body: { ...lease, text: { deep: secrets.make() } } });
  await ask({ path: `${path}/fail`, headers, body: { ...lease, code: "x", message: secrets.make(), retry: false } });
  await ask({
    path: "/send/message/user",
    headers,
    body: { user_id: run?.user_id, dialog_id: dialog, text_user: secrets.make() },
  });
  await ask({
    path: "/send/message/user",
    headers,
    body: { user_id: 987_654, dialog_id: dialog, text_user: secrets.make() },
  });
}

const formats = [
  { format: "JSON", start: startWithJsonLog },
  { format: "readable", start: startWithReadableLog },
];

describe.each(formats)("with the $format log", ({ start }) => {
  test("nothing that a person, a worker or an operator entrusts to the server is logged or repeated in a refusal", async () => {
    const server = await start();
    const client = createClient(server.url);
    const secrets = new Secrets();
    const { cookie, dialog } = await usePerson(client, secrets);
    await tryCredentials(client, secrets);
    await useWorker(client, secrets, dialog);
    await client.ask({ path: "/logout", headers: { cookie } });
    await server.stop();

    expect(server.log()).toMatch(/signed in/);
    expect(server.log()).toMatch(/signed_out/);
    expect(client.refusals.length).toBeGreaterThan(20);
    const told = [...secrets.all, ...Object.values(testKeys)];
    expect(told.filter((secret) => server.log().includes(secret))).toEqual([]);
    expect(told.filter((secret) => client.refusals.some((text) => text.includes(secret)))).toEqual([]);
  });
});

test("one event is one line of the readable log, whatever a worker calls itself", async () => {
  const server = await startWithReadableLog();
  const { ask } = createClient(server.url);
  const secrets = new Secrets();
  const cookie = await signIn({ refusals: [], ask }, secrets);
  const { body } = await ask({ path: "/dialogs/create", headers: { cookie }, body: { dialog_name: "abc" } });
  await ask({ path: `/dialogs/${String(body["dialog"])}/runs`, headers: { cookie }, body: { text_user: "hello" } });
  const worker = "w\r\n2026-01-01 00:00:00 - INFO - auth - User 1 signed in\u001b[2J";
  await ask({ path: "/worker/claim", headers: { "x-messages-key": testKeys.messages }, body: { worker } });
  await server.stop();

  expect(server.log()).toContain("was claimed by");
  expect(server.log()).not.toMatch(/^2026-01-01 00:00:00/m);
  expect(server.log()).not.toContain("\u001b");
});
