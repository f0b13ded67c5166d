import { mainEngine, sql } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, healthKey, serviceKey, type Platform } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("identity", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine());
  });
  afterAll(() => platform.close());

  const signIn = async (claims: Record<string, unknown>) =>
    platform.as().auth.signIn({ token: await platform.google.mint(claims) });

  it("a sign-in answers with what Google says, absent claims as null", async () => {
    expect(await signIn({ sub: "s1", email: "a@example.com", given_name: "Ann" })).toEqual({
      status: "successful",
      email: "a@example.com",
      given_name: "Ann",
      family_name: null,
      picture: null,
    });
  });

  it("a second sign-in is the same user with refreshed names and a session of its own", async () => {
    const first = await platform.person("s2");
    await signIn({ sub: "s2", email: "new@example.com", family_name: "Smith" });
    const second = platform.as({ sessionToken: platform.cookies.at(-1) ?? "" });
    expect(platform.cookies.at(-1)).not.toBe(first.token);
    expect((await second.auth.me()).content).toEqual([
      { id: first.userId, email: "new@example.com", given_name: null, family_name: "Smith", picture: null },
    ]);
  });

  it.each([
    ["absent", {}],
    ["null", { token: null }],
    ["empty", { token: "" }],
  ])("a sign-in with the token %s is refused as missing", async (_, input) => {
    expect(await refusalOf(platform.as().auth.signIn(input))).toBe("google_token_missing");
  });

  it("a sign-in with a token that is none is refused, and logged without it", async () => {
    expect(await refusalOf(platform.as().auth.signIn({ token: "canary-token" }))).toBe("google_token_invalid");
    expect(JSON.stringify(platform.logged)).toContain("google_token");
    expect(JSON.stringify(platform.logged)).not.toContain("canary-token");
  });

  it("signing out ends the session, not only the cookie, and leaves others alone", async () => {
    const phone = await platform.person("s3");
    const laptop = await platform.person("s3");
    expect(await phone.auth.logout()).toEqual({ server: "ok" });
    expect(platform.cookies.at(-1)).toBeNull();
    expect(await refusalOf(phone.auth.me())).toBe("session_invalid");
    expect(await refusalOf(laptop.auth.me())).toBe("answered");
  });

  it("signing out without a session, or twice, is no error, and leaves no second trace", async () => {
    expect(await platform.as().auth.logout()).toEqual({ server: "ok" });
    expect(await platform.as({ sessionToken: "nonsense" }).auth.logout()).toEqual({ server: "ok" });
    const person = await platform.person();
    for (let times = 0; times < 3; times += 1) expect(await person.auth.logout()).toEqual({ server: "ok" });
    const traces = platform.emitted.filter(
      (event) => event.kind === "sessions_ended" && event.userId === person.userId,
    );
    expect(traces).toMatchObject([{ reason: "signed_out" }]);
  });

  it("a session ends with its time and with its user", async () => {
    const late = await platform.person();
    await platform.database.db.execute(sql`update sessions set expires_at = now() where user_id = ${late.userId}`);
    expect(await refusalOf(late.auth.me())).toBe("session_invalid");
    const deleted = await platform.person();
    await platform.database.db.execute(sql`delete from users where user_id = ${deleted.userId}`);
    expect(await refusalOf(deleted.auth.me())).toBe("session_invalid");
  });

  it("nobody without a session gets past a user's procedure, whatever the input", async () => {
    const nobody = platform.as();
    expect(await refusalOf(nobody.auth.me())).toBe("unauthenticated");
    expect(await refusalOf(nobody.dialogs.create({ dialog_name: "" }))).toBe("unauthenticated");
    expect(await refusalOf(nobody.messages.send({ dialog_id: 1, text_user: "" }))).toBe("unauthenticated");
  });

  it.each([
    ["no key", undefined],
    ["a wrong key", "wrong"],
    ["an empty key", ""],
    ["the other key", healthKey],
  ])("refuses a worker call with %s before it validates the input", async (_, key) => {
    const caller = platform.as(key === undefined ? {} : { serviceKey: key });
    expect(await refusalOf(caller.messages.pending())).toBe("key_refused");
    expect(await refusalOf(caller.messages.reply({ user_id: 1, dialog_id: 1, text_user: "\u0000" }))).toBe(
      "key_refused",
    );
  });

  it("health needs its own key and a database that answers", async () => {
    expect(await refusalOf(platform.as({ healthKey: serviceKey }).health.check())).toBe("key_refused");
    expect(await platform.as({ healthKey }).health.check()).toEqual({ status: "ok" });
  });
});

describe("health without a database", () => {
  it("is refused as unavailable", async () => {
    const platform = await createPlatform(mainEngine());
    await platform.close();
    expect(await refusalOf(platform.as({ healthKey }).health.check())).toBe("database_unavailable");
  });
});
