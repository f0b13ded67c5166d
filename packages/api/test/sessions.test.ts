import { mainEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lastSeenResolutionMs } from "../src/identity/authenticate.ts";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("sessions", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine());
  });
  afterAll(() => platform.close());

  const signIn = async (sub: string, userAgent: string): Promise<string> => {
    const token = await platform.google.mint({ sub, email: `${sub}@example.com` });
    await platform.as({ userAgent }).auth.signIn({ token });
    return platform.cookies.at(-1) ?? "";
  };
  const currentOf = async (person: Pick<TestPerson, "sessions">) => {
    const { sessions } = await person.sessions.list();
    return sessions.find(({ current }) => current);
  };
  const age = (session_id: string | undefined, ms: number) =>
    platform.database.db.execute(sql`
      update sessions set last_seen_at = now() - ${ms}::float8 * interval '1 millisecond' where session_id = ${session_id}`);

  it("are listed with what each device called itself, the one seen last first", async () => {
    const sub = crypto.randomUUID();
    const phone = platform.as({ sessionToken: await signIn(sub, "Phone\u001b[2J/1.0") });
    const laptop = platform.as({ sessionToken: await signIn(sub, "Laptop/2.0") });
    await age((await currentOf(phone))?.session_id, 60_000);
    const { sessions } = await laptop.sessions.list();
    expect(sessions).toEqual([
      {
        session_id: expect.any(String),
        created_at: expect.any(String),
        last_seen_at: expect.any(String),
        user_agent: "Laptop/2.0",
        current: true,
      },
      expect.objectContaining({ user_agent: "Phone [2J/1.0", current: false }),
    ]);
  });

  it("that ended or expired are not listed, nor those of others", async () => {
    const ann = await platform.person();
    const left = await platform.person(ann.sub);
    await left.auth.logout();
    const expired = await platform.person(ann.sub);
    const gone = await currentOf(expired);
    await platform.database.db.execute(
      sql`update sessions set expires_at = now() where session_id = ${gone?.session_id}`,
    );
    await platform.person();
    expect((await ann.sessions.list()).sessions).toHaveLength(1);
  });

  it("end one by one, and the cookie goes only with its own", async () => {
    const ann = await platform.person();
    const phone = await platform.person(ann.sub);
    const ofPhone = await currentOf(phone);
    const cookiesBefore = platform.cookies.length;
    const session_id = ofPhone?.session_id ?? "";
    expect(await ann.sessions.end({ session_id })).toEqual({ session_id });
    expect(platform.cookies).toHaveLength(cookiesBefore);
    expect(await refusalOf(phone.auth.me())).toBe("session_invalid");
    expect(await refusalOf(ann.sessions.end({ session_id }))).toBe("session_not_found");
    const own = (await currentOf(ann))?.session_id ?? "";
    await ann.sessions.end({ session_id: own.toUpperCase() });
    expect(platform.cookies.at(-1)).toBeNull();
    expect(await refusalOf(ann.auth.me())).toBe("session_invalid");
  });

  it("of somebody else are as good as none", async () => {
    const ann = await platform.person();
    const bob = await platform.person();
    const session_id = (await currentOf(ann))?.session_id ?? "";
    expect(await refusalOf(bob.sessions.end({ session_id }))).toBe("session_not_found");
    expect(await refusalOf(bob.sessions.end({ session_id: crypto.randomUUID() }))).toBe("session_not_found");
    expect(await refusalOf(bob.sessions.end({ session_id: "x" }))).toBe("invalid_input");
    expect(await refusalOf(ann.auth.me())).toBe("answered");
  });

  it("all end at once, also those under which an answer is watched, and others' go on", async () => {
    const ann = await platform.person();
    const devices = [await platform.person(ann.sub), await platform.person(ann.sub)];
    const bob = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    const { run_id } = await ann.runs.start({ dialog_id: dialog, text_user: "hi" });
    const endings: Promise<string>[] = [];
    for (const device of devices) {
      const events = (await device.runs.watch({ run_id }))[Symbol.asyncIterator]();
      await events.next();
      endings.push(refusalOf(events.next()));
    }
    expect(await ann.sessions.endAll()).toEqual({ ended: 3 });
    expect(platform.cookies.at(-1)).toBeNull();
    expect(await Promise.all(endings)).toEqual(["session_invalid", "session_invalid"]);
    for (const device of [ann, ...devices]) expect(await refusalOf(device.auth.me())).toBe("session_invalid");
    expect(await refusalOf(bob.auth.me())).toBe("answered");
    expect(await refusalOf(ann.sessions.endAll())).toBe("session_invalid");
  });

  it("all end together with the personal tokens, also those under which an answer is watched", async () => {
    const [ann, bob] = [await platform.person(), await platform.person()];
    const { token, token_id } = await ann.tokens.create({ name: "script" });
    const script = platform.as({ personalToken: token });
    const ofBob = platform.as({ personalToken: (await bob.tokens.create({ name: "script" })).token });
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    const { run_id } = await ann.runs.start({ dialog_id: dialog, text_user: "hi" });
    const events = (await script.runs.watch({ run_id }))[Symbol.asyncIterator]();
    await events.next();
    const ending = refusalOf(events.next());
    expect(await ann.sessions.endAll()).toEqual({ ended: 1 });
    expect(await ending).toBe("token_invalid");
    expect(await refusalOf(script.auth.me())).toBe("token_invalid");
    expect(await refusalOf(ofBob.auth.me())).toBe("answered");
    expect(platform.emitted).toContainEqual({
      kind: "personal_token_changed",
      change: "ended",
      userId: ann.userId,
      tokenId: token_id,
    });
  });

  it("are not given or ended without one", async () => {
    const nobody = platform.as();
    expect(await refusalOf(nobody.sessions.list())).toBe("unauthenticated");
    expect(await refusalOf(nobody.sessions.end({ session_id: crypto.randomUUID() }))).toBe("unauthenticated");
    expect(await refusalOf(nobody.sessions.endAll())).toBe("unauthenticated");
  });

  it("say when they were seen, to five minutes: a request writes nothing while that is known", async () => {
    const ann = await platform.person();
    const [known, stale] = [await platform.person(ann.sub), await platform.person(ann.sub)];
    await age((await currentOf(known))?.session_id, lastSeenResolutionMs - 60_000);
    await age((await currentOf(stale))?.session_id, lastSeenResolutionMs + 60_000);
    await known.auth.me();
    await stale.auth.me();
    const unseenMs = async (person: TestPerson) =>
      Date.now() - Date.parse((await currentOf(person))?.last_seen_at ?? "");
    await until("the last-seen time is stored", async () => (await unseenMs(stale)) < 60_000);
    expect(await unseenMs(known)).toBeGreaterThan(lastSeenResolutionMs - 70_000);
  });
});
