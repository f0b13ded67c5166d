import { limits } from "@deepbot/contract";
import { mainEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, type Platform } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

const claimsOf = (sub: string) => ({ sub, email: `${sub}@example.com` });

describe("a sign-in", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine());
  });
  afterAll(() => platform.close());

  const mint = (claims: Record<string, unknown> = {}) =>
    platform.google.mint({ ...claimsOf(crypto.randomUUID()), ...claims });
  const lastCookie = (): string => platform.cookies.at(-1) ?? "";
  const block = (userId: number, at: string) =>
    platform.database.db.execute(sql`update users set blocked_at = ${at}::timestamptz where user_id = ${userId}`);
  const endedFor = (reason: string): string[] =>
    platform.emitted.flatMap((event) =>
      event.kind === "sessions_ended" && event.reason === reason ? event.sessionIds : [],
    );

  it("takes an ID token once, also after signing out everywhere", async () => {
    const token = await mint();
    await platform.as().auth.signIn({ token });
    await platform.as({ sessionToken: lastCookie() }).sessions.endAll();
    expect(await refusalOf(platform.as().auth.signIn({ token }))).toBe("google_token_invalid");
  });

  it("does not bring a deleted account back under its old token", async () => {
    const token = await mint();
    await platform.as().auth.signIn({ token });
    const ann = platform.as({ sessionToken: lastCookie() });
    const { content } = await ann.auth.me();
    await ann.account.delete({ user_id: content[0]?.id ?? 0 });
    expect(await refusalOf(platform.as().auth.signIn({ token }))).toBe("google_token_invalid");
  });

  it("takes a token once, however its signature is written", async () => {
    const token = await mint();
    await platform.as().auth.signIn({ token });
    // The last character of the signature has spare bits.
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(token.at(-1) ?? "");
    const twin = token.slice(0, -1) + alphabet[last ^ 1];
    expect(await refusalOf(platform.as().auth.signIn({ token: twin }))).toBe("google_token_invalid");
  });

  it("is tied to the browser that has a nonce of ours, and uses it up", async () => {
    const { nonce } = await platform.as().auth.nonce({});
    expect(platform.nonces.at(-1)).toBe(nonce);
    const attempts = [
      { name: "without the nonce", caller: platform.as({ nonce }), token: await mint() },
      { name: "with another nonce", caller: platform.as({ nonce }), token: await mint({ nonce: `${nonce}x` }) },
      { name: "of another browser", caller: platform.as(), token: await mint({ nonce }) },
    ];
    for (const { name, caller, token } of attempts) {
      expect([name, await refusalOf(caller.auth.signIn({ token }))]).toEqual([name, "google_token_invalid"]);
    }
    expect(await refusalOf(platform.as({ nonce }).auth.signIn({ token: await mint({ nonce }) }))).toBe("answered");
    expect(platform.nonces.at(-1)).toBeNull();
    expect(await refusalOf(platform.as({ nonce }).auth.signIn({ token: await mint({ nonce }) }))).toBe(
      "google_token_invalid",
    );
  });

  it("of a front end with no nonce, or with one of its own, is none of our nonces' concern", async () => {
    expect(await refusalOf(platform.as().auth.signIn({ token: await mint() }))).toBe("answered");
    const token = await mint({ nonce: "a front end's own" });
    expect(await refusalOf(platform.as().auth.signIn({ token }))).toBe("answered");
  });

  it("shares one nonce among the tabs of a browser", async () => {
    const { nonce } = await platform.as().auth.nonce({});
    expect((await platform.as({ nonce }).auth.nonce({})).nonce).toBe(nonce);
    expect((await platform.as({ nonce: "planted" }).auth.nonce({})).nonce).not.toBe("planted");
  });

  it("ends the session that the browser had, and tells its streams", async () => {
    const ann = await platform.person();
    const phone = await platform.person(ann.sub);
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    const { run_id } = await ann.runs.start({ dialog_id: dialog, text_user: "hi" });
    const events = (await ann.runs.watch({ run_id }))[Symbol.asyncIterator]();
    await events.next();
    const ending = refusalOf(events.next());
    await platform.as({ sessionToken: ann.token }).auth.signIn({ token: await mint() });
    expect(await ending).toBe("session_invalid");
    expect(await refusalOf(ann.auth.me())).toBe("session_invalid");
    expect(await refusalOf(phone.auth.me())).toBe("answered");
  });

  it("beyond the twentieth session ends the oldest one", async () => {
    const oldest = await platform.person();
    const [session] = (await oldest.sessions.list()).sessions;
    for (let count = 1; count < limits.sessionsMax; count += 1) await platform.person(oldest.sub);
    expect(await refusalOf(oldest.auth.me())).toBe("answered");
    const newest = await platform.person(oldest.sub);
    expect(await refusalOf(oldest.auth.me())).toBe("session_invalid");
    expect((await newest.sessions.list()).sessions).toHaveLength(limits.sessionsMax);
    expect(endedFor("replaced")).toContain(session?.session_id);
  });

  it("of a blocked person is refused, and so is every request under their sessions", async () => {
    const mallory = await platform.person();
    await block(mallory.userId, "now");
    expect(await refusalOf(mallory.auth.me())).toBe("session_invalid");
    const token = await platform.google.mint(claimsOf(mallory.sub));
    expect(await refusalOf(platform.as().auth.signIn({ token }))).toBe("account_blocked");
  });

  it("a while ago is not enough for an export or for the deletion of the account", async () => {
    const ann = await platform.person();
    const age = (minutes: number) =>
      platform.database.db.execute(sql`
        update sessions set created_at = now() - ${minutes}::float8 * interval '1 minute' where user_id = ${ann.userId}`);
    await age(16);
    expect(await refusalOf(ann.account.export())).toBe("sign_in_again");
    expect(await refusalOf(ann.account.delete({ user_id: ann.userId }))).toBe("sign_in_again");
    expect(await refusalOf(ann.auth.me())).toBe("answered");
    await age(14);
    expect(await refusalOf(ann.account.export())).toBe("answered");
  });

  it("lasts in use: a token that is half over is replaced by a fresh one of the same session", async () => {
    const ann = await platform.person();
    platform.renewals.length = 0;
    await ann.auth.me();
    expect(platform.renewals).toEqual([]);
    await platform.as({ sessionToken: ann.token, sessionCookieOutdated: true }).auth.me();
    expect(platform.renewals).toEqual([ann.token]);
  });
});

describe("a person who is blocked in the database, where nobody is notified", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), {}, { intervals: { poll: Infinity, sessionPoll: 100 } });
  });
  afterAll(() => platform.close());

  it("loses the streams and the waits of their sessions", async () => {
    const mallory = await platform.person();
    const bob = await platform.person();
    const send = async (person: typeof bob) => {
      const { dialog } = await person.dialogs.create({ dialog_name: "talk" });
      const sent = refusalOf(person.messages.send({ dialog_id: dialog, text_user: "hi" }));
      const run_id = await until("the question is stored", async () => {
        const [message] = (await person.messages.list({ dialog_id: dialog })).messages;
        return message?.run?.run_id;
      });
      return { dialog, run_id, sent };
    };
    const [hers, his] = [await send(mallory), await send(bob)];
    const events = (await mallory.runs.watch({ run_id: hers.run_id }))[Symbol.asyncIterator]();
    await events.next();
    const ending = refusalOf(events.next());
    await platform.database.db.execute(sql`update users set blocked_at = now() where user_id = ${mallory.userId}`);
    expect([await ending, await hers.sent]).toEqual(["session_invalid", "session_invalid"]);
    await platform.worker.messages.reply({ user_id: bob.userId, dialog_id: his.dialog, text_user: "yes" });
    expect(await his.sent).toBe("answered");
  });
});

describe("where only some may sign in", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), {
      signInDomains: ["example.com", "example.org"],
      signInEmails: ["guest@elsewhere.example"],
    });
  });
  afterAll(() => platform.close());

  it.each([
    ["accounts of an organisation that is listed", { email: "ann@example.com", hd: "example.com" }, "answered"],
    ["those of another organisation that is listed", { email: "ann@sub.example.net", hd: "EXAMPLE.org" }, "answered"],
    ["an address that is listed, whatever its case", { email: "Guest@Elsewhere.example" }, "answered"],
    ["other addresses of its domain", { email: "host@elsewhere.example" }, "sign_in_not_allowed"],
    ["accounts of other organisations", { email: "bob@evil.example", hd: "evil.example" }, "sign_in_not_allowed"],
    [
      "domains that end like a listed one",
      { email: "bob@badexample.com", hd: "badexample.com" },
      "sign_in_not_allowed",
    ],
    // Google does not vouch for who has the address of a personal account today.
    ["a personal account with an address of a listed domain", { email: "ex@example.com" }, "sign_in_not_allowed"],
  ])("%s: %j is %s", async (_, claims, outcome) => {
    const token = await platform.google.mint({ sub: crypto.randomUUID(), ...claims });
    expect(await refusalOf(platform.as().auth.signIn({ token }))).toBe(outcome);
  });
});
