import { signInPerson, testKeys, type Person } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRows, startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { createRandom, pick } from "./support/mutate.ts";
import { restCalls, trpcCalls, type Call } from "./support/procedures.ts";

const calls = 300;

interface Lease {
  run_id: number;
  lease_token: string;
}

let app: GuardedApp;
let operator: Person;
let lease: Lease;
let reply: object;
let keys: string[];

interface MadeKey {
  key: string;
  key_id: string;
}

const makeKey = async (scopes: string[]): Promise<MadeKey> =>
  (await operator.call<MadeKey>("POST", "/operator/keys", { name: "k", scopes })).body;

async function send(call: Call, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const response = await fetch(app.url + call.path, {
    method: call.method,
    headers: { ...headers, "content-type": "application/json" },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  return { status: response.status, text: await response.text() };
}

/** A run that one key has leased, and keys that may do nothing about it. */
beforeAll(async () => {
  app = await startGuardedApp();
  operator = await signInPerson(app.url, "operator");
  const ann = await signInPerson(app.url, "ann");
  const { dialog } = (await ann.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "abc" })).body;
  await ann.call("POST", `/dialogs/${dialog}/runs`, { text_user: "a secret" });
  const me = await ann.call<{ content: { id: number }[] }>("GET", "/me");
  reply = { user_id: me.body.content[0]?.id ?? 0, dialog_id: dialog, text_user: "mine now" };
  const own = await makeKey(["runs"]);
  const [claim] = restCalls("worker.claim", { worker: "own", lease_ms: 600_000 });
  if (claim === undefined) throw new Error("There is no claim.");
  const claimed = JSON.parse((await send(claim, { "x-messages-key": own.key })).text) as { runs: Lease[] };
  lease = claimed.runs[0] ?? { run_id: 0, lease_token: "" };
  const [foreign, narrow, revoked] = [
    await makeKey(["runs"]),
    await makeKey(["feedback", "usage"]),
    await makeKey(["runs"]),
  ];
  await operator.call("DELETE", `/operator/keys/${revoked.key_id}`);
  keys = [
    foreign.key,
    narrow.key,
    revoked.key,
    testKeys.messages.slice(1),
    own.key.slice(0, -1),
    `${own.key}0`,
    own.key.toLowerCase(),
    own.key.replace("dbk_", "dbp_"),
    "",
  ];
});

afterAll(() => app.stop());

const dump = (): Promise<unknown> =>
  Promise.all(
    ["runs", "messages", "dialogs", "run_deltas"].map((table) => readRows(app.database, `select * from ${table}`)),
  );

test("no call of a worker with another key, or none, reads or changes anything, and each kind is audited", async () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  const random = createRandom(seed);
  const inputs = (): [string, object][] => {
    const token = pick(random, [lease.lease_token, lease.lease_token.toUpperCase(), crypto.randomUUID()]);
    const own = { run_id: lease.run_id, lease_token: token };
    return [
      ["worker.heartbeat", { ...own, lease_ms: 1_000 + Math.floor(random() * 1_000) }],
      ["worker.append", { ...own, seq: 1 + Math.floor(random() * 3), text: "mine now" }],
      ["worker.complete", { ...own, text: pick(random, ["", "mine now"]) }],
      ["worker.fail", { ...own, code: "x", message: "x", retry: random() < 0.5 }],
      ["worker.release", own],
      ["worker.claim", { worker: "mine", wait_ms: 0, fallback: random() < 0.5 }],
      ["messages.pending", {}],
      ["messages.reply", reply],
    ];
  };
  const before = await dump();
  for (let count = 0; count < calls; count += 1) {
    const [name, input] = pick(random, inputs());
    const key = pick(random, keys);
    const header = pick(random, [{ "x-messages-key": key }, { authorization: `Bearer ${key}` }]);
    const call = pick(random, [...restCalls(name, { ...input }), ...trpcCalls(name, input)]);
    const { status, text } = await send(call, header);
    const isEmptyClaim = name === "worker.claim" && status === 200 && text.includes('"runs":[]');
    expect(isEmptyClaim || [401, 403, 409].includes(status), `FUZZ_SEED=${seed} ${name} ${status} ${text}`).toBe(true);
    expect(text).not.toContain("a secret");
  }
  expect(await dump(), `FUZZ_SEED=${seed}`).toEqual(before);
  const reasons = async () =>
    (await readRows(app.database, "select distinct facts ->> 'reason' as reason from audit_events")).map(
      ({ reason }) => reason,
    );
  await expect.poll(reasons).toEqual(expect.arrayContaining(["wrong", "scope_missing", "foreign_lease"]));
});
