import { signInPerson, testKeys, type Person } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRows, startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { procedureNames, restCalls, trpcCalls, type Call } from "./support/procedures.ts";

type Input = Record<string, unknown>;

/** What of A's a stranger could name. */
interface Target {
  dialogId: number;
  emptyDialogId: number;
  runId: number;
  ownerId: number;
  sessionId: string;
  tokenId: string;
}

/** Each procedure: its input with ids of A's, or why there is nothing of A's to name. */
const entries: Readonly<Record<string, ((target: Target) => Input[]) | "names nothing of a person">> = {
  "auth.nonce": "names nothing of a person",
  "auth.signIn": "names nothing of a person",
  "auth.me": "names nothing of a person",
  "auth.logout": "names nothing of a person",
  "sessions.list": "names nothing of a person",
  "sessions.end": ({ sessionId }) => [{ session_id: sessionId }],
  "sessions.endAll": "names nothing of a person",
  "account.export": "names nothing of a person",
  "account.usage": "names nothing of a person",
  "account.delete": ({ ownerId }) => [{ user_id: ownerId }],
  "config.get": "names nothing of a person",
  "assistants.list": "names nothing of a person",
  "assistants.listAll": "names nothing of a person",
  "assistants.create": "names nothing of a person",
  "assistants.update": "names nothing of a person",
  "assistants.disable": "names nothing of a person",
  "dialogs.list": "names nothing of a person",
  "dialogs.create": "names nothing of a person",
  "dialogs.delete": dialogs(),
  "dialogs.rename": dialogs({ dialog_name: "mine now" }),
  "dialogs.update": dialogs({ assistant: "deepbot" }),
  "dialogs.get": dialogs(),
  "dialogs.flag": dialogs(),
  "messages.send": dialogs({ text_user: "mine now" }),
  "messages.list": dialogs({ limit: 5 }),
  "messages.pending": "names nothing of a person",
  "messages.reply": ({ dialogId, emptyDialogId, ownerId }) =>
    [dialogId, emptyDialogId].map((id) => ({ user_id: ownerId, dialog_id: id, text_user: "mine now" })),
  "runs.start": dialogs({ text_user: "mine now" }),
  "runs.get": ({ runId }) => [{ run_id: runId }],
  "runs.watch": ({ runId }) => [{ run_id: runId }],
  "runs.cancel": ({ runId }) => [{ run_id: runId }],
  "runs.retry": ({ runId }) => [{ run_id: runId }],
  "worker.claim": () => [{ worker: "mine" }],
  "worker.heartbeat": ({ runId }) => [lease(runId)],
  "worker.append": ({ runId }) => [{ ...lease(runId), seq: 1, text: "mine now" }],
  "worker.complete": ({ runId }) => [{ ...lease(runId), text: "mine now" }],
  "worker.fail": ({ runId }) => [{ ...lease(runId), code: "x", message: "x", retry: false }],
  "worker.release": ({ runId }) => [lease(runId)],
  "worker.stats": "names nothing of a person",
  "keys.list": "names nothing of a person",
  "keys.create": "names nothing of a person",
  "keys.update": "names nothing of a person",
  "keys.revoke": "names nothing of a person",
  "webhooks.list": "names nothing of a person",
  "webhooks.create": "names nothing of a person",
  "webhooks.update": "names nothing of a person",
  "webhooks.remove": "names nothing of a person",
  "webhooks.rotate": "names nothing of a person",
  "webhooks.deliveries": "names nothing of a person",
  "webhooks.test": "names nothing of a person",
  "tokens.list": "names nothing of a person",
  "tokens.create": "names nothing of a person",
  "tokens.end": ({ tokenId }) => [{ token_id: tokenId }],
  "health.check": "names nothing of a person",
};

function dialogs(more: Input = {}): (target: Target) => Input[] {
  return ({ dialogId, emptyDialogId }) => [dialogId, emptyDialogId].map((id) => ({ dialog_id: id, ...more }));
}

function lease(runId: number): Input {
  return { run_id: runId, lease_token: "00000000-0000-4000-8000-000000000000" };
}

test("every procedure has an entry here", () => {
  expect(Object.keys(entries).toSorted()).toEqual(procedureNames());
});

const byKey = procedureNames().filter((name) => /^(worker|messages\.(reply|pending)|health)/.test(name));
const byCookie = procedureNames().filter((name) => !byKey.includes(name) && typeof entries[name] === "function");

/** The status of an answer; of a stream of events that holds a refusal, the status in it. */
function statusOf({ status, headers }: Response, text: string): number {
  if (!headers.get("content-type")?.startsWith("text/event-stream")) return status;
  return Number(/"httpStatus":(\d+)/.exec(text)?.[1] ?? status);
}

describe("what belongs to somebody else", () => {
  let app: GuardedApp;
  let target: Target;
  let stranger: Person;

  beforeAll(async () => {
    app = await startGuardedApp();
    const owner = await signInPerson(app.url, "ann");
    stranger = await signInPerson(app.url, "bob");
    const create = async (person: Person): Promise<number> =>
      (await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "abc" })).body.dialog;
    const [dialogId, emptyDialogId] = [await create(owner), await create(owner)];
    await create(stranger);
    const me = await owner.call<{ content: { id: number }[] }>("GET", "/me");
    const run = await owner.call<{ run_id: number }>("POST", `/dialogs/${dialogId}/runs`, { text_user: "a secret" });
    const { sessions } = (await owner.call<{ sessions: { session_id: string }[] }>("GET", "/sessions")).body;
    const token = await owner.call<{ token_id: string }>("POST", "/me/tokens", { name: "script" });
    const ownerId = me.body.content[0]?.id ?? 0;
    const secrets = { sessionId: sessions[0]?.session_id ?? "", tokenId: token.body.token_id };
    target = { dialogId, emptyDialogId, runId: run.body.run_id, ownerId, ...secrets };
  });

  afterAll(() => app.stop());

  async function dump(): Promise<unknown> {
    const order = {
      dialogs: "dialog_id",
      messages: "message_id",
      runs: "run_id",
      users: "user_id",
      sessions: "session_id",
      personal_tokens: "token_id",
    };
    const tables = Object.entries(order).map(([table, key]) =>
      readRows(app.database, `select * from ${table} order by ${key}`),
    );
    return Promise.all(tables);
  }

  function callsOf(name: string, of: Target = target): Call[] {
    const entry = entries[name];
    const inputs = typeof entry === "function" ? entry(of) : [{}];
    return inputs.flatMap((input) => [...restCalls(name, input), ...trpcCalls(name, input)]);
  }

  async function expectRefused(
    calls: readonly Call[],
    send: (call: Call) => Promise<{ status: number; text: string }>,
    status: number,
  ): Promise<void> {
    const before = await dump();
    for (const call of calls) {
      const answer = await send(call);
      expect(answer.status, `${call.method} ${call.path}`).toBe(status);
      expect(answer.text).not.toContain("a secret");
    }
    expect(await dump()).toEqual(before);
  }

  const sendWith =
    (headers: Record<string, string>) =>
    async ({ method, path, body }: Call) => {
      const response = await fetch(app.url + path, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(5_000),
      });
      const text = await response.text();
      return { status: statusOf(response, text), text };
    };

  describe("is not found by a stranger, and stays as it is", () => {
    test.each(byCookie)("%s", async (name) => {
      await expectRefused(callsOf(name), sendWith({ cookie: stranger.cookie }), 404);
    });

    test.each(byCookie)("%s answers as it does for what nobody has", async (name) => {
      const real = callsOf(name);
      const [id, uuid] = [987_654, crypto.randomUUID()];
      const ids = { dialogId: id, emptyDialogId: id, runId: id, ownerId: id, sessionId: uuid, tokenId: uuid };
      const invented = callsOf(name, ids);
      const bodies = async (calls: Call[]): Promise<string[]> => {
        const answers: string[] = [];
        for (const call of calls) answers.push((await sendWith({ cookie: stranger.cookie })(call)).text);
        return answers.map((text) => text.replaceAll(/"request_id":"[^"]*"/g, ""));
      };
      expect(await bodies(real)).toEqual(await bodies(invented));
    });
  });

  describe("is not reached without signing in", () => {
    test.each(byCookie)("%s", async (name) => {
      await expectRefused(callsOf(name), sendWith({}), 401);
    });

    test.each(byCookie)("%s: a key is no session", async (name) => {
      await expectRefused(callsOf(name), sendWith({ "x-messages-key": testKeys.messages }), 401);
      await expectRefused(callsOf(name), sendWith({ "x-health-key": testKeys.health }), 401);
    });
  });

  describe("is not reached by a person where a service key is asked for", () => {
    test.each(byKey)("%s", async (name) => {
      const status = name.startsWith("worker.") ? 401 : 403;
      await expectRefused(callsOf(name), sendWith({ cookie: stranger.cookie }), status);
    });
  });

  test("a worker's reply in the name of another user is not found", async () => {
    const me = await stranger.call<{ content: { id: number }[] }>("GET", "/me");
    const input = { user_id: me.body.content[0]?.id ?? 0, dialog_id: target.dialogId, text_user: "mine now" };
    const calls = [...restCalls("messages.reply", input), ...trpcCalls("messages.reply", input)];
    await expectRefused(calls, sendWith({ "x-messages-key": testKeys.messages }), 404);
  });

  test("a worker without the lease changes nothing", async () => {
    const reports = byKey.filter(
      (name) => name.startsWith("worker.") && !["worker.claim", "worker.stats"].includes(name),
    );
    await expectRefused(
      reports.flatMap((name) => callsOf(name)),
      sendWith({ "x-messages-key": testKeys.messages }),
      409,
    );
  });
});
