import { findViolations, mainEngine, noViolations } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultSettings } from "../src/settings.ts";
import { createPlatform, serviceKey, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("messages", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), { answerDeadlineMs: 60_000, maxAttempts: 1 });
  });
  afterAll(async () => {
    expect(await findViolations(platform.database.db)).toEqual(noViolations);
    await platform.close();
  });

  const talk = async (): Promise<{ ann: TestPerson; dialog_id: number }> => {
    const ann = await platform.person();
    return { ann, dialog_id: (await ann.dialogs.create({ dialog_name: "talk" })).dialog };
  };
  const flagged = (ann: TestPerson, dialog_id: number) =>
    until("the flag is set", async () => (await ann.dialogs.flag({ dialog_id })).content);
  const contentsOf = async (ann: TestPerson, dialog_id: number) =>
    (await ann.dialogs.get({ dialog_id })).dialogs.map(({ role, content }) => `${role}: ${content}`);
  const claim = async () => {
    const { runs } = await platform.worker.worker.claim({ worker: "w", max: 50, wait_ms: 0 });
    return runs;
  };

  it("wait for the answer of the original protocol", async () => {
    const { ann, dialog_id } = await talk();
    const sent = ann.messages.send({ dialog_id, text_user: "hello?" });
    await flagged(ann, dialog_id);
    const { service_message } = await platform.worker.messages.pending();
    expect(service_message.filter((row) => row.dialog_id === dialog_id)).toEqual([
      { user_id: ann.userId, dialog_id, content: "hello?" },
    ]);
    const reply = { user_id: ann.userId, dialog_id, text_user: "hello!" };
    expect(await platform.worker.messages.reply(reply)).toEqual({
      server: "ok",
      service_message: "Сообщение записано",
    });
    expect(await sent).toEqual({ server: "ok", answer_ai: "hello!" });
    expect(await ann.dialogs.flag({ dialog_id })).toEqual({ server: "ok", content: false });
  });

  it("wait for the answer of a worker with a lease", async () => {
    const { ann, dialog_id } = await talk();
    const sent = ann.messages.send({ dialog_id, text_user: "to a worker" });
    await flagged(ann, dialog_id);
    const run = (await claim()).find((claimed) => claimed.dialog_id === dialog_id);
    await platform.worker.worker.complete({
      run_id: run?.run_id ?? 0,
      lease_token: run?.lease_token ?? "",
      text: "done",
    });
    expect(await sent).toEqual({ server: "ok", answer_ai: "done" });
  });

  it("are refused while an answer is awaited, and not stored", async () => {
    const { ann, dialog_id } = await talk();
    await ann.runs.start({ dialog_id, text_user: "first" });
    expect(await refusalOf(ann.runs.start({ dialog_id, text_user: "second" }))).toBe("answer_awaited");
    expect(await contentsOf(ann, dialog_id)).toEqual(["user: first"]);
  });

  it("are kept and answered though the sender has left", async () => {
    const { ann, dialog_id } = await talk();
    const leaving = new AbortController();
    const sent = refusalOf(
      platform.as({ sessionToken: ann.token, signal: leaving.signal }).messages.send({ dialog_id, text_user: "bye" }),
    );
    await flagged(ann, dialog_id);
    leaving.abort();
    expect(await sent).not.toBe("answered");
    expect((await ann.dialogs.flag({ dialog_id })).content).toBe(true);
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "still here" });
    expect(await contentsOf(ann, dialog_id)).toEqual(["user: bye", "bot: still here"]);
  });

  it("tell their sender that the dialog was deleted", async () => {
    const { ann, dialog_id } = await talk();
    const sent = refusalOf(ann.messages.send({ dialog_id, text_user: "soon gone" }));
    await flagged(ann, dialog_id);
    await ann.dialogs.delete({ dialog_id });
    expect(await sent).toBe("dialog_deleted");
  });

  it("wait for one person in a limited number of requests", async () => {
    const { ann, dialog_id } = await talk();
    const message = { dialog_id, text_user: "once", client_message_id: crypto.randomUUID() };
    const sent = Array.from({ length: defaultSettings.waitsPerUser + 1 }, () => refusalOf(ann.messages.send(message)));
    expect(await Promise.race(sent)).toBe("too_many_waits");
    await flagged(ann, dialog_id);
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "an answer" });
    expect((await Promise.all(sent)).toSorted()).toEqual([
      ...Array.from({ length: defaultSettings.waitsPerUser }, () => "answered"),
      "too_many_waits",
    ]);
    expect(await refusalOf(ann.messages.send(message))).toBe("answered");
  });

  it("tell their sender that the AI gave up", async () => {
    const { ann, dialog_id } = await talk();
    const sent = refusalOf(ann.messages.send({ dialog_id, text_user: "too hard" }));
    await flagged(ann, dialog_id);
    const run = (await claim()).find((claimed) => claimed.dialog_id === dialog_id);
    const lease = { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
    await platform.worker.worker.fail({ ...lease, code: "too_hard", message: "Too hard.", retry: false });
    expect(await sent).toBe("answer_failed");
    expect(await ann.runs.get({ run_id: lease.run_id })).toMatchObject({
      error: { code: "too_hard", message: "Too hard." },
    });
  });

  it("sent twice under one client_message_id are one message with one answer", async () => {
    const { ann, dialog_id } = await talk();
    const message = { dialog_id, text_user: "once", client_message_id: "0f6f3c52-6f43-4d2a-9d8e-0d8f3c1b7a10" };
    const both = Promise.all([ann.messages.send(message), ann.messages.send(message)]);
    await flagged(ann, dialog_id);
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "one answer" });
    expect((await both).map(({ answer_ai }) => answer_ai)).toEqual(["one answer", "one answer"]);
    expect((await ann.messages.send(message)).answer_ai).toBe("one answer");
    expect(await refusalOf(ann.messages.send({ ...message, text_user: "other" }))).toBe("client_message_id_reused");
    expect(await contentsOf(ann, dialog_id)).toEqual(["user: once", "bot: one answer"]);
  });

  it("of the bot are stored unasked, but a repeat of its last text is not", async () => {
    const { ann, dialog_id } = await talk();
    const say = (text_user: string) => platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user });
    await say("welcome");
    await say("welcome");
    await say("how are you?");
    await say("welcome");
    expect(await contentsOf(ann, dialog_id)).toEqual(["bot: welcome", "bot: how are you?", "bot: welcome"]);
    expect(
      await refusalOf(platform.worker.messages.reply({ user_id: ann.userId + 1, dialog_id, text_user: "x" })),
    ).toBe("dialog_not_found");
  });

  it("show all that was said in every dialog that awaits an answer, in the order of storing", async () => {
    const first = await talk();
    const second = await talk();
    await first.ann.runs.start({ dialog_id: first.dialog_id, text_user: "one" });
    await platform.worker.messages.reply({ user_id: first.ann.userId, dialog_id: first.dialog_id, text_user: "1" });
    await second.ann.runs.start({ dialog_id: second.dialog_id, text_user: "two" });
    await first.ann.runs.start({ dialog_id: first.dialog_id, text_user: "three" });
    const { service_message } = await platform.worker.messages.pending();
    const own = service_message.filter((row) => [first.dialog_id, second.dialog_id].includes(row.dialog_id));
    expect(own.map((row) => row.content)).toEqual(["one", "two", "three"]);
  });

  it("end their wait when the server stops, and stay", async () => {
    const stopping = await createPlatform(mainEngine());
    const ann = await stopping.person();
    const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "talk" });
    const sent = refusalOf(ann.messages.send({ dialog_id, text_user: "wait for me" }));
    const claimed = stopping.as({ serviceKey }).worker.claim({ worker: "late", wait_ms: 25_000, max: 1 });
    await claimed;
    const idle = stopping.as({ serviceKey }).worker.claim({ worker: "idle", wait_ms: 25_000, max: 1 });
    stopping.shutdown();
    expect(await sent).toBe("shutting_down");
    expect(await idle).toEqual({ runs: [] });
    expect((await ann.dialogs.flag({ dialog_id })).content).toBe(true);
    await stopping.close();
  });

  it("are not waited for once the server has begun to stop, and stay", async () => {
    const stopping = await createPlatform(mainEngine());
    const ann = await stopping.person();
    const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "talk" });
    stopping.shutdown();
    expect(await refusalOf(ann.messages.send({ dialog_id, text_user: "too late to wait" }))).toBe("shutting_down");
    expect((await ann.dialogs.flag({ dialog_id })).content).toBe(true);
    await stopping.close();
  });
});

describe("messages that nobody answers", () => {
  it("end at the deadline: the flag is false, the next send works, a late answer still comes in", async () => {
    const platform = await createPlatform(mainEngine(), { answerDeadlineMs: 300 });
    const ann = await platform.person();
    const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "silence" });
    expect(await refusalOf(ann.messages.send({ dialog_id, text_user: "anybody?" }))).toBe("answer_deadline");
    expect((await ann.dialogs.flag({ dialog_id })).content).toBe(false);
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "sorry, late" });
    const { dialogs } = await ann.dialogs.get({ dialog_id });
    expect(dialogs.map(({ content }) => content)).toEqual(["anybody?", "sorry, late"]);
    const next = ann.messages.send({ dialog_id, text_user: "again" });
    await until("the flag is set", async () => (await ann.dialogs.flag({ dialog_id })).content);
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "in time" });
    expect((await next).answer_ai).toBe("in time");
    await platform.close();
  });
});
