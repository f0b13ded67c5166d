import { limits } from "@deepbot/contract";
import { mainEngine, sql } from "@deepbot/db/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { toProblem } from "../src/problem.ts";
import { defaultSettings } from "../src/settings.ts";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("quotas", () => {
  let platform: Platform;
  let ann: TestPerson;
  beforeAll(async () => {
    const quotas = { ...defaultSettings.quotas, questionsPerDay: 3, tokensPerDay: 100, messagesPerDialog: 4 };
    platform = await createPlatform(mainEngine(), { quotas });
  });
  afterAll(() => platform.close());
  afterEach(async () => {
    await platform.database.db.execute(sql`delete from dialogs`);
  });

  const start = async () => {
    ann = await platform.person();
    return (await ann.dialogs.create({ dialog_name: "talk" })).dialog;
  };
  const claim = async () => {
    const [run] = (await platform.worker.worker.claim({ worker: "w" })).runs;
    return { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
  };
  const answer = async (usage?: { input_tokens: number }) =>
    platform.worker.worker.complete({ ...(await claim()), text: "yes", ...(usage === undefined ? {} : { usage }) });
  const problemOf = async (call: Promise<unknown>) => {
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return toProblem(error, { locale: "en", requestId: "test" });
  };

  it("refuse a question beyond those of the day, on every way to ask, and say when the next day begins", async () => {
    const dialog_id = await start();
    const { dialog: other } = await ann.dialogs.create({ dialog_name: "other" });
    await ann.runs.start({ dialog_id, text_user: "éé" });
    await answer();
    await ann.runs.start({ dialog_id, text_user: "two" });
    await ann.runs.start({ dialog_id: other, text_user: "three" });
    const { dialog: third } = await ann.dialogs.create({ dialog_name: "third" });
    const usage = await ann.account.usage();
    expect(usage).toMatchObject({
      questions: { used: 3, limit: 3 },
      question_bytes: { used: 12, limit: 8_000_000 },
      tokens: { used: 0, limit: 100 },
      messages_per_dialog: 4,
    });
    const facts = { code: "quota_exceeded", status: 429, quota: "questions", limit: 3, resets_at: usage.resets_at };
    expect(await problemOf(ann.runs.start({ dialog_id: third, text_user: "four" }))).toMatchObject(facts);
    expect(await problemOf(ann.messages.send({ dialog_id: third, text_user: "four" }))).toMatchObject(facts);
    await answer();
    // A dialog that waits for an answer is the nearer reason.
    expect(await refusalOf(ann.runs.start({ dialog_id: other, text_user: "four" }))).toBe("answer_awaited");
  });

  it("give a repeated question the run that it has, though the day's are used up", async () => {
    const dialog_id = await start();
    const question = { dialog_id, text_user: "once", client_message_id: "2f1d6a1e-8f7a-4b8e-9a53-0d0c5a3f7b12" };
    const { run_id } = await ann.runs.start(question);
    await platform.database.db.execute(sql`update usage_daily set questions = 3`);
    expect((await ann.runs.start(question)).run_id).toBe(run_id);
    expect((await ann.account.usage()).questions.used).toBe(3);
  });

  it("refuse questions and retries when the tokens of the day are used up", async () => {
    const dialog_id = await start();
    await ann.runs.start({ dialog_id, text_user: "one" });
    await answer({ input_tokens: 99 });
    const { run_id } = await ann.runs.start({ dialog_id, text_user: "two" });
    await ann.runs.cancel({ run_id });
    await platform.database.db.execute(sql`update usage_daily set output_tokens = 1 where input_tokens = 99`);
    const facts = { code: "quota_exceeded", quota: "tokens", limit: 100 };
    expect(await problemOf(ann.runs.retry({ run_id }))).toMatchObject(facts);
    const { dialog } = await ann.dialogs.create({ dialog_name: "other" });
    expect(await problemOf(ann.runs.start({ dialog_id: dialog, text_user: "three" }))).toMatchObject(facts);
    expect((await ann.account.usage()).tokens).toMatchObject({ used: 100, input: 99, output: 1 });
  });

  it("let a question be asked again so often, and no more often", async () => {
    const dialog_id = await start();
    let { run_id } = await ann.runs.start({ dialog_id, text_user: "one" });
    for (let runs = 1; runs < limits.runsPerQuestion; runs += 1) {
      await ann.runs.cancel({ run_id });
      ({ run_id } = await ann.runs.retry({ run_id }));
    }
    await ann.runs.cancel({ run_id });
    expect(await refusalOf(ann.runs.retry({ run_id }))).toBe("retry_limit");
    expect((await ann.account.usage()).questions.used).toBe(1);
  });

  it("keep a dialog at its messages, whoever writes", async () => {
    const dialog_id = await start();
    await ann.runs.start({ dialog_id, text_user: "one" });
    await answer();
    const reply = (text_user: string) => platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user });
    await reply("unasked");
    const facts = { code: "dialog_full", status: 409, limit: 4 };
    expect(await problemOf(ann.runs.start({ dialog_id, text_user: "two" }))).toMatchObject(facts);
    await reply("another");
    expect(await problemOf(reply("and another"))).toMatchObject(facts);
    expect((await ann.messages.list({ dialog_id })).messages).toHaveLength(4);
  });

  it("are a person's own where the database says so", async () => {
    const dialog_id = await start();
    await platform.database.db.execute(sql`update users set questions_per_day = 0 where user_id = ${ann.userId}`);
    expect((await ann.account.usage()).questions).toEqual({ used: 0, limit: 0 });
    expect(await refusalOf(ann.runs.start({ dialog_id, text_user: "one" }))).toBe("quota_exceeded");
  });
});

describe("a worker whose claim is lost on the way", () => {
  it("has its run given to another worker, at once after the time that it asked for, and it costs no attempt", async () => {
    const platform = await createPlatform(mainEngine(), { maxAttempts: 1 });
    const ann = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    const { run_id } = await ann.runs.start({ dialog_id: dialog, text_user: "one" });
    const claim = async (wait_ms: number) =>
      (await platform.worker.worker.claim({ worker: "w", wait_ms, confirm_within_ms: limits.confirmWithinMinMs })).runs;
    expect(await claim(0)).toMatchObject([{ run_id, attempt: 1 }]);
    // No fallback poll runs: the reaper's notification wakes the worker.
    const [again] = await claim(25_000);
    expect(again).toMatchObject({ run_id, attempt: 1 });
    await platform.worker.worker.heartbeat({ run_id, lease_token: again?.lease_token ?? "" });
    expect(await platform.worker.worker.claim({ worker: "w", wait_ms: 0 })).toEqual({ runs: [] });
    expect(platform.emitted).toContainEqual(
      expect.objectContaining({ kind: "run_transition", to: "queued", facts: { reason: "claim_unconfirmed" } }),
    );
    await platform.close();
  });
});
