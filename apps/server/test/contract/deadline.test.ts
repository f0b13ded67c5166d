import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import {
  createDialog,
  readDialog,
  readFlag,
  readRun,
  send,
  startRun,
  untilAwaited,
  untilIdle,
} from "../support/dialogs.ts";
import { expectProblem, expectRefusal, languages } from "../support/problem.ts";
import { claimRun, reply } from "../support/worker.ts";

describe("the deadline", () => {
  const api = useApi({ ANSWER_DEADLINE_MS: "1000" });

  it("ends the wait with 504, frees the dialog, and the next message is answered", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    const json = { dialog_id: dialogId, text_user: "a question", client_message_id: randomUUID() };
    for (const language of languages) {
      const late = await person.call("POST /send/message/ai", { json, headers: { "Accept-Language": language } });
      expectRefusal(late, { status: 504, language });
      expect(await readFlag(person, dialogId)).toBe(false);
    }
    expect(await readDialog(person, dialogId)).toEqual(["user: a question"]);
    const next = send(person, dialogId, "the next");
    await untilAwaited(person, dialogId);
    await reply(api, { userId: person.userId, dialogId, text: "in time" });
    const { status, body } = await next;
    expect([status, body]).toEqual([200, { server: "ok", answer_ai: "in time" }]);
  });

  it("is seen by whoever asks for the flag, the run or sends the next message", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    const { run_id: runId } = await startRun(person, dialogId);
    await untilIdle(person, dialogId);
    expect(await readRun(person, runId)).toMatchObject({
      state: "expired",
      answer: null,
      ended_at: expect.any(String),
    });
    expect((await startRun(person, dialogId, "the next")).run_id).not.toBe(runId);
  });

  it("passes for a run that a worker holds too", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    const sent = send(person, dialogId, "a question");
    await claimRun(api, { lease_ms: 600_000 });
    expectProblem(await sent, 504);
    expect(await readFlag(person, dialogId)).toBe(false);
  });

  it("is healed by a late reply: the question gets its answer after all", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    const { run_id: runId } = await startRun(person, dialogId);
    await untilIdle(person, dialogId);
    expect((await readRun(person, runId)).state).toBe("expired");
    await reply(api, { userId: person.userId, dialogId, text: "late" });
    await reply(api, { userId: person.userId, dialogId, text: "late" });
    expect(await readRun(person, runId)).toMatchObject({
      state: "completed",
      answer: { content: "late" },
      error: null,
    });
    expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: late"]);
    expect(await readFlag(person, dialogId)).toBe(false);
  });
});
