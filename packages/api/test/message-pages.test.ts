import { mainEngine, sql } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("pages of messages", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), { retryBackoffMs: 0, cancelGraceMs: 0 });
  });
  afterAll(() => platform.close());

  const talk = async () => {
    const ann = await platform.person();
    return { ann, dialog_id: (await ann.dialogs.create({ dialog_name: "talk" })).dialog };
  };
  const claim = async () => {
    const { runs } = await platform.worker.worker.claim({ worker: "w", wait_ms: 25_000 });
    return { run_id: runs[0]?.run_id ?? 0, lease_token: runs[0]?.lease_token ?? "" };
  };
  const tell = async (ann: TestPerson, dialog_id: number, texts: string[]) => {
    for (const text_user of texts) await platform.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user });
  };

  it("go from the newest back to the first, oldest first in each, without a gap or a repeat", async () => {
    const { ann, dialog_id } = await talk();
    const texts = Array.from({ length: 7 }, (_, index) => `text ${index + 1}`);
    await tell(ann, dialog_id, texts);
    const newest = await ann.messages.list({ dialog_id, limit: 3 });
    expect(newest.messages.map(({ seq, content }) => [seq, content])).toEqual([
      [5, "text 5"],
      [6, "text 6"],
      [7, "text 7"],
    ]);
    expect(newest.next_before).toBe(5);
    await tell(ann, dialog_id, ["said while paging"]);
    const middle = await ann.messages.list({ dialog_id, limit: 3, before: 5 });
    expect([middle.messages.map(({ seq }) => seq), middle.next_before]).toEqual([[2, 3, 4], 2]);
    const first = await ann.messages.list({ dialog_id, limit: 3, before: 2 });
    expect([first.messages.map(({ seq }) => seq), first.next_before]).toEqual([[1], null]);
  });

  it("that end just at the first message are followed by none; an empty dialog has an empty one", async () => {
    const { ann, dialog_id } = await talk();
    expect(await ann.messages.list({ dialog_id })).toEqual({ messages: [], next_before: null });
    await tell(ann, dialog_id, ["one", "two"]);
    expect((await ann.messages.list({ dialog_id, limit: 2 })).next_before).toBeNull();
    expect(await ann.messages.list({ dialog_id, before: 1 })).toEqual({ messages: [], next_before: null });
    expect((await ann.messages.list({ dialog_id, before: Number.MAX_SAFE_INTEGER })).messages).toHaveLength(2);
  });

  it("say what became of each question, the newest run of it", async () => {
    const { ann, dialog_id } = await talk();
    const question = await ann.runs.start({ dialog_id, text_user: "question" });
    const ofQuestion = async () => {
      const { messages } = await ann.messages.list({ dialog_id });
      return messages.find(({ message_id }) => message_id === question.question_id);
    };
    expect(await ofQuestion()).toEqual({
      message_id: question.question_id,
      seq: 1,
      role: "user",
      content: "question",
      created_at: expect.any(String),
      partial: false,
      run: { run_id: question.run_id, state: "queued", reason: null },
    });
    await platform.worker.worker.fail({ ...(await claim()), code: "x", message: "Too hard for me.", retry: false });
    expect((await ofQuestion())?.run).toEqual({ run_id: question.run_id, state: "failed", reason: "Too hard for me." });
    const { run_id } = await ann.runs.retry({ run_id: question.run_id });
    expect((await ofQuestion())?.run).toEqual({ run_id, state: "queued", reason: null });
    await platform.worker.worker.complete({ ...(await claim()), text: "answer" });
    expect((await ofQuestion())?.run).toEqual({ run_id, state: "completed", reason: null });
    const { messages } = await ann.messages.list({ dialog_id });
    expect(messages.map(({ role, content, run }) => [role, content, run === null])).toEqual([
      ["user", "question", false],
      ["bot", "answer", true],
    ]);
  });

  it("give our own words, in the person's language, where no worker gave any", async () => {
    const { ann, dialog_id } = await talk();
    const { run_id } = await ann.runs.start({ dialog_id, text_user: "stop this" });
    const lease = await claim();
    await platform.worker.worker.append({ ...lease, seq: 1, text: "so far" });
    await ann.runs.cancel({ run_id });
    const late = await ann.runs.start({ dialog_id, text_user: "too late" });
    await platform.database.db.execute(sql`update runs set deadline_at = now() where run_id = ${late.run_id}`);
    const inEnglish = await ann.messages.list({ dialog_id });
    expect(inEnglish.messages.map(({ content, partial, run }) => [content, partial, run?.state, run?.reason])).toEqual([
      ["stop this", false, "cancelled", "The answer was cancelled."],
      ["so far", true, undefined, undefined],
      ["too late", false, "expired", "No answer arrived in time."],
    ]);
    const russian = platform.as({ sessionToken: ann.token, locale: "ru" });
    const inRussian = await russian.messages.list({ dialog_id });
    expect(inRussian.messages.at(-1)?.run?.reason).toBe("Ответ не пришёл вовремя.");
  });

  it.each([
    ["a limit of none", { limit: 0 }],
    ["a limit beyond 200", { limit: 201 }],
    ["a limit between two numbers", { limit: 1.5 }],
    ["a number before the first", { before: 0 }],
    ["an unknown key", { offset: 5 }],
  ])("are not given for %s", async (_, input) => {
    const { ann, dialog_id } = await talk();
    expect(await refusalOf(ann.messages.list({ dialog_id, ...input }))).toBe("invalid_input");
  });

  it("of somebody else's dialog are as good as none", async () => {
    const { ann, dialog_id } = await talk();
    await tell(ann, dialog_id, ["a secret"]);
    const bob = await platform.person();
    expect(await refusalOf(bob.messages.list({ dialog_id }))).toBe("dialog_not_found");
    expect(await refusalOf(bob.messages.list({ dialog_id: 987_654_321 }))).toBe("dialog_not_found");
    expect(await refusalOf(platform.as().messages.list({ dialog_id }))).toBe("unauthenticated");
  });
});
