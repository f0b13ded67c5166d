import { signInPerson, testKeys, type Person } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRows, startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { createRandom, pick, type Random } from "./support/mutate.ts";
import { restCalls, trpcCalls, type Call } from "./support/procedures.ts";

const rounds = 2;

interface Lease {
  run_id: number;
  lease_token: string;
}

/** A key that reaches nothing of the assistant `theirs`, or may do nothing about it. */
interface Intruder {
  key: string;
  /** What the audit log says in the end of its replies, and of all else. */
  reasons: { reply: readonly string[]; other: readonly string[] };
  /** Where its calls come from, because refusals are sampled by address. */
  addresses: { reply: string; other: string };
}

interface MadeKey {
  key: string;
  key_id: string;
}

let app: GuardedApp;
let operator: Person;
let lease: Lease;
let owner: number;
let leased: number;
let queued: number;
let ownKey: string;
let intruders: Intruder[];

const makeKey = async (scopes: string[], assistant: string | null): Promise<MadeKey> => {
  const assistants = assistant === null ? null : [assistant];
  return (await operator.call<MadeKey>("POST", "/operator/keys", { name: "k", scopes, assistants })).body;
};

async function send(call: Call, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const response = await fetch(app.url + call.path, {
    method: call.method,
    headers: { ...headers, "content-type": "application/json" },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  return { status: response.status, text: await response.text() };
}

/** Calls the REST operation of a procedure. */
async function callRest(name: string, input: object, key: string): Promise<{ status: number; text: string }> {
  const [call] = restCalls(name, { ...input });
  if (call === undefined) throw new Error(`There is no operation of ${name}.`);
  return send(call, { "x-messages-key": key });
}

async function makeIntruders(): Promise<Intruder[]> {
  const revoked = await makeKey(["runs", "legacy", "push"], "theirs");
  await operator.call("DELETE", `/operator/keys/${revoked.key_id}`);
  const wrong = { reply: ["wrong"], other: ["wrong"] };
  const foreign = ["foreign_assistant"];
  const narrow = ["scope_missing"];
  const all = ["foreign_assistant", "foreign_lease"];
  const made: [key: string, reasons: Intruder["reasons"]][] = [
    [(await makeKey(["runs"], "mine")).key, { reply: narrow, other: [...all, ...narrow] }],
    [(await makeKey(["legacy"], "mine")).key, { reply: foreign, other: narrow }],
    [(await makeKey(["push"], "mine")).key, { reply: foreign, other: narrow }],
    [(await makeKey(["runs", "legacy", "push"], "mine")).key, { reply: foreign, other: all }],
    // An open run awaits an answer, which is nothing that nobody asked for.
    [(await makeKey(["push"], "theirs")).key, { reply: narrow, other: narrow }],
    [(await makeKey(["feedback", "usage"], null)).key, { reply: narrow, other: narrow }],
    [revoked.key, wrong],
    [testKeys.messages.slice(1), wrong],
    [ownKey.slice(0, -1), wrong],
    [`${ownKey}0`, wrong],
    [ownKey.toLowerCase(), wrong],
    [ownKey.replace("dbk_", "dbp_"), wrong],
    ["", wrong],
  ];
  return made.map(([key, reasons], index) => {
    const addresses = { reply: `203.0.113.${index + 1}`, other: `203.0.113.${index + 101}` };
    return { key, reasons, addresses };
  });
}

/** Two runs of one assistant: one is leased by a key, the other is queued. */
beforeAll(async () => {
  app = await startGuardedApp({ env: { TRUSTED_PROXIES: "127.0.0.1", ANSWER_DEADLINE_MS: "3600000" } });
  operator = await signInPerson(app.url, "operator");
  for (const slug of ["theirs", "mine"]) await operator.call("POST", "/operator/assistants", { slug, name: slug });
  const ann = await signInPerson(app.url, "ann");
  const me = await ann.call<{ content: { id: number }[] }>("GET", "/me");
  owner = me.body.content[0]?.id ?? 0;
  const ask = async (): Promise<number> => {
    const dialog = { dialog_name: "abc", assistant: "theirs" };
    const { body } = await ann.call<{ dialog: number }>("POST", "/dialogs/create", dialog);
    await ann.call("POST", `/dialogs/${body.dialog}/runs`, { text_user: "a secret" });
    return body.dialog;
  };
  leased = await ask();
  ownKey = (await makeKey(["runs"], "theirs")).key;
  const claimed = await callRest("worker.claim", { worker: "a secret worker", lease_ms: 600_000 }, ownKey);
  const [run] = (JSON.parse(claimed.text) as { runs: Lease[] }).runs;
  lease = { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
  queued = await ask();
  intruders = await makeIntruders();
});

afterAll(() => app.stop());

const tables = ["runs", "messages", "dialogs", "run_deltas", "usage_daily", "user_start_tags"];

const dump = (): Promise<unknown> =>
  Promise.all(tables.map((table) => readRows(app.database, `select * from ${table} order by 1, 2`)));

/** A call of each operation of workers, for the runs of `theirs`. @param token of the lease */
function inputsOf(random: Random, token: string): [name: string, input: object][] {
  const own = { ...lease, lease_token: pick(random, [token, token, crypto.randomUUID()]) };
  const claim = { worker: "mine", wait_ms: 0, fallback: random() < 0.5 };
  const reply = { user_id: owner, text_user: "mine now" };
  return [
    ["worker.heartbeat", { ...lease, lease_token: token, lease_ms: 1_000 + Math.floor(random() * 1_000) }],
    ["worker.append", { ...own, seq: 1 + Math.floor(random() * 3), text: "mine now" }],
    ["worker.complete", { ...own, text: pick(random, ["", "mine now"]) }],
    ["worker.fail", { ...own, code: "x", message: "x", retry: random() < 0.5 }],
    ["worker.release", own],
    ["worker.claim", claim],
    ["worker.claim", { ...claim, assistants: ["theirs"] }],
    ["worker.stats", {}],
    ["messages.pending", {}],
    ["messages.reply", { ...reply, dialog_id: leased }],
    ["messages.reply", { ...reply, dialog_id: queued }],
  ];
}

/** What a good key of another assistant is given: nothing. */
function isEmpty(name: string, text: string): boolean {
  if (name === "worker.claim") return text.includes('"runs":[]');
  if (name === "messages.pending") return text.includes('"service_message":[]');
  return name === "worker.stats" && text.includes('"mine"') && !text.includes('"theirs"');
}

const refusals: Readonly<Record<string, readonly number[]>> = { "messages.reply": [403, 404] };

test("no call of a worker with another key, or none, reads or changes anything, and each kind is audited", async () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  const random = createRandom(seed);
  const before = await dump();
  const attempts = Array.from({ length: rounds }, () =>
    intruders.flatMap((intruder, index) => {
      const { lease_token: token } = lease;
      const inputs = inputsOf(random, index % 2 === 0 ? token : token.toUpperCase());
      return inputs.map(([name, input]) => ({ intruder, name, input }));
    }),
  ).flat();
  for (const { intruder, name, input } of attempts) {
    const { key, addresses } = intruder;
    const address = name === "messages.reply" ? addresses.reply : addresses.other;
    const isBearer = key !== "" && random() < 0.5;
    const header = isBearer ? { authorization: `Bearer ${key}` } : { "x-messages-key": key };
    const call = pick(random, [...restCalls(name, { ...input }), ...trpcCalls(name, input)]);
    const { status, text } = await send(call, { ...header, "x-forwarded-for": address });
    const isRefused = (refusals[name] ?? [401, 403, 409]).includes(status);
    const claim = `FUZZ_SEED=${seed} ${name} ${status} ${text}`;
    expect(isRefused || (status === 200 && isEmpty(name, text)), claim).toBe(true);
    expect(text, claim).not.toContain("a secret");
  }
  expect(await dump(), `FUZZ_SEED=${seed}`).toEqual(before);
  const rows = async (): Promise<object> => {
    const audited = await readRows(
      app.database,
      `select distinct address, facts ->> 'reason' as reason from audit_events
      where kind = 'access_refused' order by reason`,
    );
    const reasonsAt = (address: string) =>
      audited.filter((row) => row["address"] === address).map((row) => row["reason"]);
    return intruders.map(({ addresses: { reply, other } }) => ({ reply: reasonsAt(reply), other: reasonsAt(other) }));
  };
  await expect.poll(rows, { timeout: 10_000 }).toEqual(intruders.map(({ reasons }) => reasons));
});

test("keys of the assistant are shown all of that, and one of the original protocol may answer", async () => {
  const { key } = await makeKey(["legacy"], "theirs");
  expect((await callRest("messages.pending", {}, key)).text.match(/a secret/g)).toHaveLength(2);
  expect((await callRest("worker.stats", {}, ownKey)).text).toContain("a secret worker");
  const answer = { user_id: owner, dialog_id: leased, text_user: "the answer" };
  expect((await callRest("messages.reply", answer, key)).status).toBe(200);
  const states = await readRows(app.database, "select state from runs order by run_id");
  expect(states).toEqual([{ state: "completed" }, { state: "queued" }]);
  expect((await callRest("worker.claim", { worker: "w", wait_ms: 0 }, ownKey)).text).toContain("a secret");
});
