import { describe, expect, it } from "vitest";
import {
  addQuestion,
  applyRun,
  findOpenQuestion,
  mergeNewest,
  mergeOlder,
  type Message,
} from "../src/features/chat/messages/message-log.ts";
import { log, message, messages, run } from "./support/messages.ts";

const seqs = (list: readonly Message[]): number[] => list.map(({ seq }) => seq);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const asked = (state: "queued" | "running" | "failed" | "completed", runId = 7): Message =>
  message(3, { run: { run_id: runId, state, reason: null } });

describe("merging the newest page", () => {
  it("starts the log", () => {
    const page = { messages: messages(21, 50), next_before: 21 };
    expect(mergeNewest(undefined, page)).toEqual({ messages: page.messages, nextBefore: 21 });
  });

  it("keeps older messages and the position of the page before them", () => {
    const merged = mergeNewest(log(11, 50), { messages: messages(31, 52), next_before: 31 });
    expect(seqs(merged.messages)).toEqual(range(11, 52));
    expect(merged.nextBefore).toBe(11);
  });

  it("extends a log that ends right before it", () => {
    const merged = mergeNewest(log(1, 30), { messages: messages(31, 60), next_before: 31 });
    expect(seqs(merged.messages)).toEqual(range(1, 60));
    expect(merged.nextBefore).toBeNull();
  });

  it("replaces a log if messages between them are missing", () => {
    const merged = mergeNewest(log(1, 30), { messages: messages(32, 61), next_before: 32 });
    expect(seqs(merged.messages)).toEqual(range(32, 61));
    expect(merged.nextBefore).toBe(32);
  });

  it("keeps messages that were stored after the page was read", () => {
    const merged = mergeNewest(log(1, 6), { messages: messages(1, 4), next_before: null });
    expect(seqs(merged.messages)).toEqual(range(1, 6));
  });

  it("does not reopen a run that has ended", () => {
    const current = { messages: [...messages(1, 2), asked("completed"), message(4)], nextBefore: null };
    const merged = mergeNewest(current, { messages: [...messages(1, 2), asked("running")], next_before: null });
    expect(merged.messages[2]?.run?.state).toBe("completed");
    expect(seqs(merged.messages)).toEqual(range(1, 4));
  });

  it("takes the late answer to a failed run, and the run of a retry", () => {
    const current = { messages: [...messages(1, 2), asked("failed")], nextBefore: null };
    const merge = (question: Message): string | undefined =>
      mergeNewest(current, { messages: [...messages(1, 2), question], next_before: null }).messages[2]?.run?.state;
    expect(merge(asked("completed"))).toBe("completed");
    expect(merge(asked("queued", 8))).toBe("queued");
    expect(merge(asked("queued", 6))).toBe("failed");
  });

  it("keeps the objects of unchanged messages", () => {
    const current = log(1, 4);
    const changed = message(4, { content: "another" });
    const merged = mergeNewest(current, { messages: [...messages(1, 3), changed], next_before: null });
    expect(merged.messages.slice(0, 3).every((each, index) => each === current.messages[index])).toBe(true);
    expect(merged.messages[3]).toEqual(changed);
  });

  it("accepts an empty page", () => {
    expect(mergeNewest(undefined, { messages: [], next_before: null })).toEqual({ messages: [], nextBefore: null });
    expect(mergeNewest(log(1, 2), { messages: [], next_before: null })).toEqual(log(1, 2));
  });
});

describe("merging an older page", () => {
  it("prepends it", () => {
    const merged = mergeOlder(log(31, 60), 31, { messages: messages(1, 30), next_before: null });
    expect(seqs(merged.messages)).toEqual(range(1, 60));
    expect(merged.nextBefore).toBeNull();
  });

  it("ignores it if the log has been replaced", () => {
    const current = log(91, 120);
    expect(mergeOlder(current, 31, { messages: messages(1, 30), next_before: null })).toBe(current);
  });
});

describe("a run", () => {
  it("adds its question once", () => {
    const once = addQuestion(log(1, 2), run(), "What now?");
    expect(once.messages.at(-1)).toMatchObject({ seq: 3, message_id: 103, content: "What now?", role: "user" });
    expect(once.messages.at(-1)?.run).toEqual({ run_id: 7, state: "running", reason: null });
    expect(addQuestion(once, run(), "What now?").messages).toHaveLength(3);
    expect(findOpenQuestion(once)?.message_id).toBe(103);
  });

  it("adds its answer once", () => {
    const open = addQuestion(log(1, 2), run(), "What now?");
    const ended = run({ state: "completed", answer: { message_id: 104, content: "This." }, text: null });
    const answered = applyRun(open, ended);
    expect(answered.messages.at(-1)).toMatchObject({ seq: 4, message_id: 104, role: "bot", content: "This." });
    expect(answered.messages.at(-1)?.partial).toBe(false);
    expect(applyRun(answered, ended).messages).toHaveLength(4);
    expect(findOpenQuestion(answered)).toBeUndefined();
  });

  it("leaves a partial answer if it was stopped, and the reason if it failed", () => {
    const open = addQuestion(log(1, 2), run(), "What now?");
    const part = { message_id: 104, content: "Thi" };
    expect(applyRun(open, run({ state: "cancelled", answer: part })).messages.at(-1)?.partial).toBe(true);
    const failed = applyRun(open, run({ state: "failed", error: { code: "model_away", message: "No model." } }));
    expect(failed.messages.at(-1)?.run).toEqual({ run_id: 7, state: "failed", reason: "No model." });
  });

  it("is ignored if its question is not loaded", () => {
    const current = log(1, 2);
    expect(applyRun(current, run({ question_id: 999 }))).toBe(current);
  });
});
