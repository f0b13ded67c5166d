import { findViolations, mainEngine, noViolations, sql } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findTablesWith } from "./support/find-text.ts";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("an account", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), { cancelGraceMs: 0 });
  });
  afterAll(async () => {
    expect(await findViolations(platform.database.db)).toEqual(noViolations);
    await platform.close();
  });

  const createDialog = async (ann: TestPerson, dialog_name = "talk") =>
    (await ann.dialogs.create({ dialog_name })).dialog;
  const claim = async () => {
    const { runs } = await platform.worker.worker.claim({ worker: "w", wait_ms: 25_000 });
    return { run_id: runs[0]?.run_id ?? 0, lease_token: runs[0]?.lease_token ?? "" };
  };
  const deleteOwn = (ann: TestPerson) => ann.account.delete({ user_id: ann.userId });

  describe("is exported", () => {
    it("with everything that is stored about the person, and nobody else's", async () => {
      const ann = await platform.person();
      const bob = await platform.person();
      await bob.runs.start({ dialog_id: await createDialog(bob), text_user: "Bob's secret" });
      await platform.worker.worker.complete({ ...(await claim()), text: "Bob's answer" });
      const dialog_id = await createDialog(ann, "Ann's own");
      const failed = await ann.runs.start({ dialog_id, text_user: "question" });
      await platform.worker.worker.fail({ ...(await claim()), code: "x", message: "Not now.", retry: false });
      const retried = await ann.runs.retry({ run_id: failed.run_id });
      await platform.worker.worker.complete({ ...(await claim()), text: "answer" });
      const left = await platform.person(ann.sub);
      await left.auth.logout();

      const data = await ann.account.export();
      expect(data.profile).toEqual({
        id: ann.userId,
        google_id: ann.sub,
        email: `${ann.sub}@example.com`,
        given_name: ann.sub,
        family_name: null,
        picture: null,
        created_at: expect.any(String),
      });
      expect(data.sessions.map(({ ended_at }) => ended_at === null)).toEqual([true, false]);
      const [dialog, ...more] = data.dialogs;
      expect([dialog?.dialog_name, more]).toEqual(["Ann's own", []]);
      expect(dialog?.messages.map(({ seq, role, content }) => [seq, role, content])).toEqual([
        [1, "user", "question"],
        [2, "bot", "answer"],
      ]);
      expect(dialog?.runs).toEqual([
        expect.objectContaining({
          run_id: failed.run_id,
          question_id: failed.question_id,
          state: "failed",
          answer_id: null,
          error: { code: "x", message: "Not now." },
        }),
        expect.objectContaining({ run_id: retried.run_id, state: "completed", answer_id: expect.any(Number) }),
      ]);
      expect(JSON.stringify(data)).not.toContain("Bob");
    });

    it("whole, however much there is", async () => {
      const ann = await platform.person();
      const dialog_id = await createDialog(ann);
      await platform.database.db.execute(sql`
        insert into messages (dialog_id, user_id, content, seq)
        select ${dialog_id}::bigint, ${ann.userId}::bigint, 'text ' || seq, seq from generate_series(1, 1501) as seq`);
      await platform.database.db.execute(sql`update dialogs set last_seq = 1501 where dialog_id = ${dialog_id}`);
      await platform.database.db.execute(sql`
        insert into sessions (user_id, expires_at, created_at)
        select ${ann.userId}::bigint, now(), now() + (seq / 7) * interval '1 microsecond' from generate_series(1, 700) as seq`);
      await platform.database.db.execute(sql`
        insert into runs (dialog_id, question_id, state, max_attempts, deadline_at, ended_at)
        select dialog_id, message_id, 'expired', 1, now(), now() from messages where dialog_id = ${dialog_id}`);
      const { dialogs, sessions } = await ann.account.export();
      const [dialog] = dialogs;
      expect(new Set(sessions.map(({ session_id }) => session_id)).size).toBe(701);
      expect(dialog?.messages.map(({ content }) => content)).toEqual(
        Array.from({ length: 1501 }, (_, index) => `text ${index + 1}`),
      );
      expect(new Set(dialog?.runs.map(({ run_id }) => run_id)).size).toBe(1501);
    });

    it("once at a time", async () => {
      const ann = await platform.person();
      const bob = await platform.person();
      const own = await platform.useCases.account.export(ann.userId);
      expect(await refusalOf(ann.account.export())).toBe("too_many_exports");
      expect(await refusalOf(bob.account.export())).toBe("answered");
      own.close();
      expect(await refusalOf(ann.account.export())).toBe("answered");
      expect(await refusalOf(platform.as().account.export())).toBe("unauthenticated");
    });
  });

  describe("is deleted", () => {
    it("with every trace, in every table", async () => {
      const ann = await platform.person();
      const dialog_id = await createDialog(ann, "Ann's dialog");
      await ann.runs.start({ dialog_id, text_user: "Ann's question" });
      await platform.worker.worker.complete({ ...(await claim()), text: "an answer to Ann" });
      await ann.runs.start({ dialog_id, text_user: "Ann's second" });
      await platform.worker.worker.append({ ...(await claim()), seq: 1, text: "a piece for Ann" });
      const traces = {
        [`${ann.sub}@example.com`]: ["users"],
        [ann.sub]: ["users"],
        "Ann's dialog": ["dialogs"],
        "Ann's question": ["messages"],
        "an answer to Ann": ["messages"],
        "a piece for Ann": ["run_deltas"],
      };
      const find = async () => {
        const found: Record<string, string[]> = {};
        for (const text of Object.keys(traces)) found[text] = await findTablesWith(platform.database, text);
        return found;
      };
      expect(await find()).toEqual(traces);
      expect(await deleteOwn(ann)).toEqual({ user_id: ann.userId });
      expect(Object.values(await find()).flat()).toEqual([]);
      expect(platform.cookies.at(-1)).toBeNull();
      expect(JSON.stringify(platform.logged)).not.toContain(ann.sub);
    });

    it("on all devices at once; signing in again makes a new one", async () => {
      const ann = await platform.person();
      const phone = await platform.person(ann.sub);
      await createDialog(ann);
      await deleteOwn(ann);
      for (const device of [ann, phone]) expect(await refusalOf(device.auth.me())).toBe("session_invalid");
      expect(await refusalOf(deleteOwn(ann))).toBe("session_invalid");
      const again = await platform.person(ann.sub);
      expect(again.userId).not.toBe(ann.userId);
      expect((await again.dialogs.list()).dialogs).toEqual([]);
    });

    it("while somebody waits for an answer and watches one: both are told", async () => {
      const ann = await platform.person();
      const dialog_id = await createDialog(ann);
      const waiting = refusalOf(ann.messages.send({ dialog_id, text_user: "anybody there?" }));
      const { run_id } = await claim();
      const events = (await ann.runs.watch({ run_id }))[Symbol.asyncIterator]();
      await events.next();
      const watching = refusalOf(events.next());
      await deleteOwn(ann);
      expect(await waiting).toBe("dialog_deleted");
      expect(["session_invalid", "dialog_deleted"]).toContain(await watching);
    });

    it("while a worker answers, whose reports find nothing then", async () => {
      const ann = await platform.person();
      const dialog_id = await createDialog(ann);
      await ann.runs.start({ dialog_id, text_user: "question" });
      const lease = await claim();
      await deleteOwn(ann);
      const { worker } = platform.worker;
      const reports = [
        worker.heartbeat(lease),
        worker.append({ ...lease, seq: 1, text: "x" }),
        worker.complete({ ...lease, text: "x" }),
        worker.fail({ ...lease, code: "x", message: "x", retry: true }),
        worker.release(lease),
      ].map(refusalOf);
      expect(new Set(await Promise.all(reports))).toEqual(new Set(["run_not_found"]));
      const reply = platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "x" });
      expect(await refusalOf(reply)).toBe("dialog_not_found");
    });

    it("only by its own person, who says which one they mean", async () => {
      const ann = await platform.person();
      const bob = await platform.person();
      expect(await refusalOf(bob.account.delete({ user_id: ann.userId }))).toBe("account_not_found");
      expect(await refusalOf(bob.account.delete({ user_id: 987_654 }))).toBe("account_not_found");
      expect(await refusalOf(bob.account.delete({} as { user_id: number }))).toBe("invalid_input");
      expect(await refusalOf(platform.as().account.delete({ user_id: ann.userId }))).toBe("unauthenticated");
      for (const person of [ann, bob]) expect(await refusalOf(person.auth.me())).toBe("answered");
    });

    it("never if it is the bot's, even under a session of the bot", async () => {
      const ann = await platform.person();
      await platform.database.db.execute(sql`update sessions set user_id = 1 where user_id = ${ann.userId}`);
      const { sid } = JSON.parse(atob(ann.token.split(".")[1] ?? "")) as { sid: string };
      const asBot = platform.as({ sessionToken: await platform.sessionTokens.sign({ userId: 1, sessionId: sid }) });
      expect((await asBot.auth.me()).content[0]?.id).toBe(1);
      expect(await refusalOf(asBot.account.delete({ user_id: 1 }))).toBe("account_not_found");
      expect((await asBot.auth.me()).content[0]?.id).toBe(1);
    });
  });
});
