import { mainEngine, sql } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, type Platform } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("runs", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine());
  });
  afterAll(() => platform.close());

  const talk = async () => {
    const ann = await platform.person();
    return { ann, dialog_id: (await ann.dialogs.create({ dialog_name: "talk" })).dialog };
  };

  it("start queued and are read until they end", async () => {
    const { ann, dialog_id } = await talk();
    const run = await ann.runs.start({ dialog_id, text_user: "hi" });
    expect(run).toMatchObject({ dialog_id, state: "queued", attempt: 0, answer: null, error: null, ended_at: null });
    expect(await ann.runs.get({ run_id: run.run_id })).toEqual(run);
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "hello" });
    expect(await ann.runs.get({ run_id: run.run_id })).toMatchObject({
      state: "completed",
      answer: { content: "hello" },
    });
  });

  it("of a repeated client_message_id are the same run, also after it ended", async () => {
    const { ann, dialog_id } = await talk();
    const message = { dialog_id, text_user: "once", client_message_id: "b2a0b7de-7f0c-4f5c-8a54-1d7c6f0f5e21" };
    const first = await ann.runs.start(message);
    expect((await ann.runs.start(message)).run_id).toBe(first.run_id);
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "answer" });
    expect(await ann.runs.start(message)).toMatchObject({ run_id: first.run_id, state: "completed" });
    expect(await refusalOf(ann.runs.start({ ...message, text_user: "twice" }))).toBe("client_message_id_reused");
  });

  it("expire when they are read past their deadline, before the reaper runs", async () => {
    const { ann, dialog_id } = await talk();
    const { run_id } = await ann.runs.start({ dialog_id, text_user: "hi" });
    const expire = (id: number) =>
      platform.database.db.execute(sql`update runs set deadline_at = now() - interval '1 second' where run_id = ${id}`);
    await expire(run_id);
    expect(await ann.runs.get({ run_id })).toMatchObject({ state: "expired", error: { code: "no_worker" } });
    const second = await ann.runs.start({ dialog_id, text_user: "again" });
    await expire(second.run_id);
    expect((await ann.dialogs.flag({ dialog_id })).content).toBe(false);
    const third = await ann.runs.start({ dialog_id, text_user: "and again" });
    await expire(third.run_id);
    expect(await refusalOf(ann.runs.start({ dialog_id, text_user: "a new one takes its place" }))).toBe("answered");
  });

  it("of somebody else are as good as none", async () => {
    const { ann, dialog_id } = await talk();
    const { run_id } = await ann.runs.start({ dialog_id, text_user: "hi" });
    const bob = await platform.person();
    expect(await refusalOf(bob.runs.get({ run_id }))).toBe("run_not_found");
    expect(await refusalOf(ann.runs.get({ run_id: 987_654_321 }))).toBe("run_not_found");
  });

  it.each([
    ["an unknown key", { dialog_id: 1, text_user: "x", surprise: true }],
    ["an empty text", { dialog_id: 1, text_user: "" }],
    ["2001 code points", { dialog_id: 1, text_user: "😀".repeat(2001) }],
    ["an id that is no UUID", { dialog_id: 1, text_user: "x", client_message_id: "7" }],
  ])("are refused with %s", async (_, input) => {
    const ann = await platform.person();
    expect(await refusalOf(ann.runs.start(input))).toBe("invalid_input");
  });
});
