import { mainEngine, sql } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSecretToken } from "../src/keys/secret-token.ts";
import { createPlatform, type Caller, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

let platform: Platform;
let operator: TestPerson;
let ann: TestPerson;

beforeAll(async () => {
  const adminEmails = ["operator@example.com"];
  platform = await createPlatform(mainEngine(), { adminEmails, retryBackoffMs: 0, serviceKeysMax: 20 });
  operator = await platform.person("operator");
  ann = await platform.person();
});
afterAll(() => platform.close());

type Scope = "runs" | "legacy" | "push" | "feedback" | "usage";

const make = async (scopes: Scope[] = ["runs"]) => {
  const { key, key_id } = await operator.keys.create({ name: "a worker", scopes });
  return { key_id, key, worker: platform.as({ serviceKey: key }) };
};
const ask = async () => {
  const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "talk" });
  const { run_id } = await ann.runs.start({ dialog_id, text_user: "question" });
  return { dialog_id, run_id };
};
const forget = async (dialog_id: number) => ann.dialogs.delete({ dialog_id });
const claim = async ({ worker }: Pick<Caller, "worker">) => {
  const [run] = (await worker.claim({ worker: "w", wait_ms: 0 })).runs;
  return { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
};
describe("an operator", () => {
  it("is a signed-in person of the settings, and nobody else", async () => {
    expect(await refusalOf(ann.keys.list())).toBe("operator_only");
    expect(await refusalOf(platform.as().keys.list())).toBe("unauthenticated");
    expect(await refusalOf(ann.keys.create({ name: "x", scopes: ["runs"] }))).toBe("operator_only");
    const { key_id } = await make();
    expect(await refusalOf(ann.keys.update({ key_id, name: "mine" }))).toBe("operator_only");
    expect(await refusalOf(ann.keys.revoke({ key_id }))).toBe("operator_only");
    const refused = { kind: "access_refused", credential: "session", reason: "operator_only" };
    expect(platform.emitted).toContainEqual(refused);
  });

  it("makes, changes, lists and revokes keys; the key itself is shown once", async () => {
    const made = await operator.keys.create({ name: "maker", scopes: ["runs", "push"], assistants: ["deepbot"] });
    expect(made).toMatchObject({ created_by: operator.userId, assistants: ["deepbot"], expires_at: null });
    const { key, key_id, ...shown } = made;
    expect(key.startsWith(shown.prefix)).toBe(true);
    const changed = await operator.keys.update({ key_id, scopes: ["runs"], assistants: null, expires_in_days: 1 });
    expect(changed).toMatchObject({ name: "maker", scopes: ["runs"], assistants: null });
    expect(Date.parse(changed.expires_at ?? "") - Date.now()).toBeGreaterThan(86_000_000);
    const { keys } = await operator.keys.list();
    expect(keys.find((each) => each.key_id === key_id)).toEqual(changed);
    expect(await operator.keys.update({ key_id, assistants: ["deepbot"] })).toMatchObject({ assistants: ["deepbot"] });
    expect(JSON.stringify(keys)).not.toContain(key);
    await operator.keys.revoke({ key_id });
    expect(await refusalOf(operator.keys.revoke({ key_id }))).toBe("key_not_found");
    expect(await refusalOf(operator.keys.update({ key_id, name: "late" }))).toBe("key_not_found");
  });

  it("leaves an event of each change, with what was before and after, and nothing of the key", async () => {
    platform.emitted.length = 0;
    const { key_id, key } = await make(["legacy"]);
    await operator.keys.update({ key_id, name: "renamed" });
    await operator.keys.revoke({ key_id });
    const told = platform.emitted.filter((event) => event.kind === "service_key_changed");
    expect(told.map(({ change, userId, keyId }) => ({ change, userId, keyId }))).toEqual(
      (["created", "updated", "revoked"] as const).map((change) => ({
        change,
        userId: operator.userId,
        keyId: key_id,
      })),
    );
    expect(told[1]).toMatchObject({ before: { name: "a worker" }, after: { name: "renamed" } });
    expect(JSON.stringify([platform.emitted, platform.logged])).not.toContain(key.slice(10));
    expect(JSON.stringify(platform.logged)).not.toContain("renamed");
  });

  it("cannot name an assistant that does not exist, nor make more keys than the setting allows", async () => {
    const wanted = { name: "x", scopes: ["runs" as const], assistants: ["nobody"] };
    expect(await refusalOf(operator.keys.create(wanted))).toBe("assistant_unknown");
    const { key_id: known } = await make();
    expect(await refusalOf(operator.keys.update({ key_id: known, assistants: ["nobody"] }))).toBe("assistant_unknown");
    await operator.keys.revoke({ key_id: known });
    const ids: string[] = [];
    let refused: string = "answered";
    while (refused === "answered" && ids.length < 25) {
      refused = await refusalOf(make().then(({ key_id }) => ids.push(key_id)));
    }
    expect(refused).toBe("key_limit");
    for (const key_id of ids) await operator.keys.revoke({ key_id });
  });

  it("needs a recent sign-in to give rights, but not to take them away", async () => {
    const { key_id } = await make();
    await platform.database.db.execute(
      sql`update sessions set created_at = now() - interval '1 hour' where user_id = ${operator.userId}`,
    );
    expect(await refusalOf(operator.keys.create({ name: "x", scopes: ["runs"] }))).toBe("sign_in_again");
    expect(await refusalOf(operator.keys.update({ key_id, scopes: ["legacy"] }))).toBe("sign_in_again");
    expect(await refusalOf(operator.keys.list())).toBe("answered");
    expect(await refusalOf(operator.keys.revoke({ key_id }))).toBe("answered");
    await platform.database.db.execute(sql`update sessions set created_at = now() where user_id = ${operator.userId}`);
  });
});

describe("a key", () => {
  it.each([
    ["none", undefined, "key_missing"],
    ["an empty one", "", "key_invalid"],
    ["a mistyped one", `${createSecretToken("dbk_").secret.slice(0, -1)}!`, "key_invalid"],
    ["one that nobody made", createSecretToken("dbk_").secret, "key_invalid"],
    ["a personal token", createSecretToken("dbp_").secret, "key_invalid"],
  ])("%s is refused with a code of its own, before the input is read", async (_, serviceKey, code) => {
    const caller = platform.as(serviceKey === undefined ? {} : { serviceKey });
    expect(await refusalOf(caller.worker.claim({ worker: "" }))).toBe(code);
    expect(await refusalOf(caller.messages.pending())).toBe("key_refused");
  });

  it("that is mistyped costs no statement", async () => {
    platform.statementLog.length = 0;
    const { secret } = createSecretToken("dbk_");
    const serviceKey = secret.slice(0, 20) + (secret[20] === "x" ? "y" : "x") + secret.slice(21);
    await refusalOf(platform.as({ serviceKey }).messages.pending());
    expect(platform.statementLog.filter((name) => name.includes("service_key"))).toEqual([]);
  });

  it("does what its scopes allow", async () => {
    const { worker } = await make(["feedback"]);
    const lease = { run_id: 1, lease_token: crypto.randomUUID() };
    const calls = [
      worker.worker.claim({ worker: "w" }),
      worker.worker.heartbeat(lease),
      worker.worker.append({ ...lease, seq: 1, text: "x" }),
      worker.worker.complete({ ...lease, text: "x" }),
      worker.worker.fail({ ...lease, code: "x", message: "x", retry: false }),
      worker.worker.release(lease),
      worker.messages.pending(),
      worker.messages.reply({ user_id: 1, dialog_id: 1, text_user: "x" }),
    ];
    expect(new Set(await Promise.all(calls.map(refusalOf)))).toEqual(new Set(["scope_missing"]));
  });

  it("with `legacy` answers questions but pushes nothing, one with `push` the reverse", async () => {
    const { dialog_id } = await ask();
    const reply = { user_id: ann.userId, dialog_id, text_user: "yes" };
    const [legacy, push] = [(await make(["legacy"])).worker, (await make(["push"])).worker];
    expect(await refusalOf(push.messages.reply(reply))).toBe("scope_missing");
    expect((await ann.messages.list({ dialog_id })).messages).toHaveLength(1);
    expect(await refusalOf(legacy.messages.reply(reply))).toBe("answered");
    expect(await refusalOf(legacy.messages.reply({ ...reply, text_user: "and more" }))).toBe("scope_missing");
    expect(await refusalOf(push.messages.reply({ ...reply, text_user: "and more" }))).toBe("answered");
    const { messages } = await ann.messages.list({ dialog_id });
    expect(messages.map(({ content }) => content)).toEqual(["question", "yes", "and more"]);
    await forget(dialog_id);
  });

  it("with `legacy` answers a run that another key has leased, for the original protocol knows no leases", async () => {
    const { dialog_id, run_id } = await ask();
    const own = (await make()).worker.worker;
    const lease = await claim({ worker: own });
    const { messages } = (await make(["legacy"])).worker;
    await messages.reply({ user_id: ann.userId, dialog_id, text_user: "yes" });
    expect((await ann.runs.get({ run_id })).answer).toMatchObject({ content: "yes" });
    expect(await refusalOf(own.complete({ ...lease, text: "no" }))).toBe("run_ended");
    await forget(dialog_id);
  });

  it("answers a run alone that it claimed; no other key reads or changes anything", async () => {
    const { dialog_id, run_id } = await ask();
    const [own, foreign] = [(await make()).worker.worker, (await make()).worker.worker];
    const lease = await claim({ worker: own });
    expect(lease.run_id).toBe(run_id);
    for (const { heartbeat, append, complete, fail, release } of [foreign, platform.worker.worker]) {
      const calls = [
        heartbeat(lease),
        append({ ...lease, seq: 1, text: "x" }),
        complete({ ...lease, text: "x" }),
        fail({ ...lease, code: "x", message: "x", retry: false }),
        release(lease),
      ];
      expect(new Set(await Promise.all(calls.map(refusalOf)))).toEqual(new Set(["lease_lost"]));
    }
    expect(await ann.runs.get({ run_id })).toMatchObject({ state: "running", text: "", answer: null });
    await own.append({ ...lease, seq: 1, text: "yes" });
    await own.complete({ ...lease, text: "yes" });
    expect(await refusalOf(own.complete({ ...lease, text: "yes" }))).toBe("answered");
    // Not even a repeat or the end of the run shows.
    expect(await refusalOf(foreign.complete({ ...lease, text: "yes" }))).toBe("lease_lost");
    expect(await refusalOf(foreign.heartbeat(lease))).toBe("lease_lost");
    await forget(dialog_id);
  });

  it("costs no statement of its own with each report", async () => {
    const { dialog_id } = await ask();
    const { worker } = await make();
    const lease = await claim(worker);
    platform.statementLog.length = 0;
    for (let seq = 1; seq <= 10; seq += 1) await worker.worker.append({ ...lease, seq, text: "x" });
    const count = (name: string) => platform.statementLog.filter((each) => each === name).length;
    expect(count("insert_deltas")).toBe(10);
    expect(count("list_live_service_keys")).toBeLessThanOrEqual(2);
    await forget(dialog_id);
  });
});

describe("a personal token", () => {
  const makeToken = async () => {
    const { token, token_id } = await ann.tokens.create({ name: "my script" });
    return { token_id, token, script: platform.as({ personalToken: token }) };
  };

  it("acts as its person, and sets no cookie", async () => {
    const { script, token, token_id } = await makeToken();
    const renewals = platform.renewals.length;
    expect((await script.auth.me()).content[0]?.id).toBe(ann.userId);
    const { dialog: dialog_id } = await script.dialogs.create({ dialog_name: "mine" });
    expect((await ann.dialogs.list()).dialogs.map((dialog) => dialog.dialog_id)).toContain(dialog_id);
    await script.dialogs.delete({ dialog_id });
    expect((await script.sessions.list()).sessions.some(({ current }) => current)).toBe(false);
    expect(platform.renewals).toHaveLength(renewals);
    const { tokens } = await ann.tokens.list();
    expect(tokens.find((each) => each.token_id === token_id)).toMatchObject({ name: "my script" });
    expect(JSON.stringify(tokens)).not.toContain(token);
    await ann.tokens.end({ token_id });
    expect(await refusalOf(script.auth.me())).toBe("token_invalid");
    expect(await refusalOf(ann.tokens.end({ token_id }))).toBe("token_not_found");
  });

  it("may not end sessions, manage tokens, delete the account or act as an operator", async () => {
    const { script, token_id } = await makeToken();
    const { token } = await operator.tokens.create({ name: "of the operator" });
    const ofOperator = platform.as({ personalToken: token });
    const calls = [
      script.sessions.endAll(),
      script.sessions.end({ session_id: crypto.randomUUID() }),
      script.tokens.list(),
      script.tokens.create({ name: "another" }),
      script.tokens.end({ token_id }),
      script.account.delete({ user_id: ann.userId }),
      script.keys.list(),
      ofOperator.keys.list(),
      ofOperator.keys.create({ name: "x", scopes: ["runs"] }),
    ];
    expect(new Set(await Promise.all(calls.map(refusalOf)))).toEqual(new Set(["token_not_allowed"]));
    expect(await refusalOf(script.account.export())).toBe("answered");
    await ann.tokens.end({ token_id });
  });

  it("of somebody else is as good as none", async () => {
    const { token_id } = await makeToken();
    expect(await refusalOf(operator.tokens.end({ token_id }))).toBe("token_not_found");
    expect(await refusalOf(platform.as({ personalToken: "dbp_x" }).auth.me())).toBe("token_invalid");
    await ann.tokens.end({ token_id });
  });

  it("is one of at most twenty, and needs a recent sign-in to be made", async () => {
    const bob = await platform.person();
    for (let count = 0; count < 20; count += 1) await bob.tokens.create({ name: `${count}`, expires_in_days: 30 });
    expect(await refusalOf(bob.tokens.create({ name: "one more" }))).toBe("token_limit");
    await platform.database.db.execute(
      sql`update sessions set created_at = now() - interval '1 hour' where user_id = ${bob.userId}`,
    );
    expect(await refusalOf(bob.tokens.create({ name: "later" }))).toBe("sign_in_again");
  });
});
