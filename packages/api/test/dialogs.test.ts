import { mainEngine, sql } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, type Platform } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("dialogs", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine());
  });
  afterAll(() => platform.close());

  it("are created, listed by rising id, renamed and deleted", async () => {
    const ann = await platform.person();
    expect(await ann.dialogs.list()).toEqual({ server: "ok", dialogs: [] });
    const { dialog: first } = await ann.dialogs.create({ dialog_name: "first" });
    const { dialog: second } = await ann.dialogs.create({ dialog_name: " second " });
    expect(await ann.dialogs.rename({ dialog_id: first, dialog_name: "renamed" })).toEqual({
      server: "ok",
      status: true,
    });
    expect((await ann.dialogs.list()).dialogs).toEqual([
      { dialog_id: first, dialog_name: "renamed" },
      { dialog_id: second, dialog_name: " second " },
    ]);
    expect(await ann.dialogs.delete({ dialog_id: first })).toEqual({ server: "ok", status: "Диалог удалён" });
    expect((await ann.dialogs.list()).dialogs.map((dialog) => dialog.dialog_id)).toEqual([second]);
  });

  // That parallel creates keep the limit is shown by packages/db/test/concurrency.test.ts, and end to end by the server.
  it("are at most five, and a deleted one makes room", async () => {
    const ann = await platform.person();
    const create = () => refusalOf(ann.dialogs.create({ dialog_name: "one of many" }));
    const results: string[] = [];
    for (let count = 0; count < 6; count += 1) results.push(await create());
    expect(results).toEqual([...Array.from({ length: 5 }, () => "answered"), "dialog_limit"]);
    const { dialogs } = await ann.dialogs.list();
    await ann.dialogs.delete({ dialog_id: dialogs[0]?.dialog_id ?? 0 });
    expect(await create()).toBe("answered");
  });

  it.each([
    ["two code points", "ab", "invalid_input"],
    ["three emoji", "😀😀😀", "answered"],
    ["twenty emoji", "😀".repeat(20), "answered"],
    ["twenty-one emoji", "😀".repeat(21), "invalid_input"],
    ["three blanks", "   ", "answered"],
    ["a NUL", "a\u0000bc", "invalid_input"],
    ["a lone surrogate", "abc\ud800", "invalid_input"],
  ])("take a name of %s or not", async (_, dialog_name, expected) => {
    const ann = await platform.person();
    expect(await refusalOf(ann.dialogs.create({ dialog_name }))).toBe(expected);
  });

  it("of somebody else are as good as none", async () => {
    const ann = await platform.person();
    const bob = await platform.person();
    const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "Ann's own" });
    for (const id of [dialog_id, 987_654_321, 0, -1]) {
      expect(await refusalOf(bob.dialogs.get({ dialog_id: id }))).toBe("dialog_not_found");
      expect(await refusalOf(bob.dialogs.flag({ dialog_id: id }))).toBe("dialog_not_found");
      expect(await refusalOf(bob.dialogs.rename({ dialog_id: id, dialog_name: "Bob's" }))).toBe("dialog_not_found");
      expect(await refusalOf(bob.dialogs.delete({ dialog_id: id }))).toBe("dialog_not_found");
      expect(await refusalOf(bob.messages.send({ dialog_id: id, text_user: "hi" }))).toBe("dialog_not_found");
      expect(await refusalOf(bob.runs.start({ dialog_id: id, text_user: "hi" }))).toBe("dialog_not_found");
    }
    expect((await ann.dialogs.list()).dialogs).toEqual([{ dialog_id, dialog_name: "Ann's own" }]);
  });

  it("show their messages oldest first, with the author's role", async () => {
    const ann = await platform.person();
    const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "talk" });
    expect(await ann.dialogs.get({ dialog_id })).toEqual({ server: "ok", dialogs: [] });
    await ann.runs.start({ dialog_id, text_user: "question" });
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "answer" });
    const { dialogs } = await ann.dialogs.get({ dialog_id });
    expect(dialogs.map(({ role, content }) => [role, content])).toEqual([
      ["user", "question"],
      ["bot", "answer"],
    ]);
  });

  describe("that are long", () => {
    const talk = async (messages: number) => {
      const ann = await platform.person();
      const { dialog: dialogId } = await ann.dialogs.create({ dialog_name: "talk" });
      await platform.database.db.execute(sql`
        insert into messages (dialog_id, user_id, content, seq)
        select ${dialogId}::bigint, 1, repeat('x', 60000) || seq, seq from generate_series(1, ${messages}::int) as seq`);
      await platform.database.db.execute(sql`update dialogs set last_seq = ${messages} where dialog_id = ${dialogId}`);
      return { ann, dialogId };
    };

    it("are read page by page, no page before it is asked for", async () => {
      const { ann, dialogId } = await talk(12);
      platform.statementLog.length = 0;
      const { pages, close } = await platform.useCases.dialogs.history({ dialogId, userId: ann.userId });
      const seqs: number[][] = [];
      for await (const page of pages) {
        seqs.push(page.map(({ seq }) => seq));
        expect(platform.statementLog.filter((name) => name === "list_messages")).toHaveLength(seqs.length);
      }
      close();
      expect(seqs).toEqual([
        [1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10],
        [11, 12],
      ]);
      expect((await ann.dialogs.get({ dialog_id: dialogId })).dialogs).toHaveLength(12);
    });

    it("fail when they are deleted while they are read", async () => {
      const { ann, dialogId } = await talk(6);
      const { pages, close } = await platform.useCases.dialogs.history({ dialogId, userId: ann.userId });
      const read = pages[Symbol.asyncIterator]();
      await read.next();
      await ann.dialogs.delete({ dialog_id: dialogId });
      await expect(read.next()).rejects.toMatchObject({ code: "dialog_not_found" });
      close();
    });

    it("come in short pages of history", async () => {
      const { ann, dialogId: dialog_id } = await talk(12);
      const { messages, next_before } = await ann.messages.list({ dialog_id });
      expect([messages.map(({ seq }) => seq), next_before]).toEqual([[8, 9, 10, 11, 12], 8]);
    });

    it("wait for a person in no more than thirty pages", async () => {
      const { ann, dialogId } = await talk(1);
      const page = { dialogId, userId: ann.userId, before: null, limit: 1 };
      const held = await Promise.all(Array.from({ length: 30 }, () => platform.useCases.dialogs.messagePage(page)));
      expect(await refusalOf(ann.messages.list({ dialog_id: dialogId }))).toBe("too_many_reads");
      for (const { close } of held) close();
      expect(await refusalOf(ann.messages.list({ dialog_id: dialogId }))).toBe("answered");
    });

    it("are read ten at once by a person, and others are not kept waiting", async () => {
      const { ann, dialogId } = await talk(1);
      const bob = await platform.person();
      const { dialog } = await bob.dialogs.create({ dialog_name: "Bob's" });
      const open = () => platform.useCases.dialogs.history({ dialogId, userId: ann.userId });
      const held = await Promise.all(Array.from({ length: 10 }, open));
      expect(await refusalOf(ann.dialogs.get({ dialog_id: dialogId }))).toBe("too_many_reads");
      expect(await refusalOf(bob.dialogs.get({ dialog_id: dialog }))).toBe("answered");
      for (const { close } of held) close();
      expect(await refusalOf(ann.dialogs.get({ dialog_id: dialogId }))).toBe("answered");
      expect(await refusalOf(bob.dialogs.get({ dialog_id: dialogId }))).toBe("dialog_not_found");
    });
  });
});
