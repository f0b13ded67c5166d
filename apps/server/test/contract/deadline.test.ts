import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
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
import { claimRun, reply, report } from "../support/worker.ts";

describe("the deadline", () => {
  const api = useApi({ ANSWER_DEADLINE_MS: "1000", ANSWER_MAX_MS: "6000" });

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

  it("moves with signs of life: the wait ends with 504, the run goes on and is answered", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    const sent = send(person, dialogId, "a question");
    const run = await claimRun(api, { lease_ms: 600_000 });
    const alive = new AbortController();
    const beating = (async () => {
      while (!alive.signal.aborted) {
        expect((await report(api, run, { kind: "heartbeat" })).status).toBe(200);
        await delay(200);
      }
    })();
    expectProblem(await sent, 504);
    expect(await readRun(person, run.run_id)).toMatchObject({ state: "running" });
    expect(await readFlag(person, dialogId)).toBe(true);
    alive.abort();
    await beating;
    expect((await report(api, run, { kind: "complete", text: "at last" })).status).toBe(200);
    expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: at last"]);
  });

  it("passes in the end whatever signs of life there are", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    const { run_id: runId } = await startRun(person, dialogId);
    const run = await claimRun(api, { lease_ms: 600_000 });
    for (let status = 200; status === 200; await delay(200)) {
      ({ status } = await report(api, run, { kind: "heartbeat" }));
    }
    const { state, created_at, ended_at } = await readRun(person, runId);
    expect(state).toBe("expired");
    expect(Date.parse(ended_at ?? "") - Date.parse(created_at)).toBeGreaterThanOrEqual(5_900);
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
