import { describe, expect, it } from "vitest";
import { useApi, type Person } from "../support/api.ts";
import { createDialog, readDialog, readFlag, readRun, startRun, type Run } from "../support/dialogs.ts";
import { expectProblem, expectRefusal, issuePlaces, languages } from "../support/problem.ts";
import { claimRun, claimRuns, reply, report } from "../support/worker.ts";

const cancel = (person: Person, runId: number) => person.call<Run>(`POST /runs/${runId}/cancel`);
const retry = (person: Person, runId: number) => person.call<Run>(`POST /runs/${runId}/retry`);

describe("a person", () => {
  const api = useApi();

  const prepare = async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    return { person, dialogId, run: await startRun(person, dialogId) };
  };
  /** A run that a worker holds and has streamed text for. */
  const prepareSpeaking = async () => {
    const prepared = await prepare();
    const lease = await claimRun(api);
    await report(api, lease, { kind: "append", seq: 1, text: "half an " });
    await report(api, lease, { kind: "append", seq: 2, text: "answer" });
    return { ...prepared, lease };
  };

  describe("who cancels", () => {
    it("a queued run ends it at once: nobody claims it, the dialog is free", async () => {
      const { person, dialogId, run } = await prepare();
      const { status, body } = await cancel(person, run.run_id);
      expect([status, body]).toMatchObject([200, { run_id: run.run_id, state: "cancelled", answer: null }]);
      expect(await readFlag(person, dialogId)).toBe(false);
      expect(await claimRuns(api, { wait_ms: 0 })).toEqual([]);
      expect(await readDialog(person, dialogId)).toEqual(["user: a question"]);
      expect((await api.asWorker("GET /messages")).body).toEqual({ success: true, service_message: [] });
    });

    it("stops the worker of a running run, and keeps the text so far, marked as partial", async () => {
      const { person, dialogId, run, lease } = await prepareSpeaking();
      expect((await cancel(person, run.run_id)).status).toBe(200);
      expect((await report(api, lease, { kind: "heartbeat" })).body).toMatchObject({ cancel_requested: true });
      expect((await report(api, lease, { kind: "release" })).status).toBe(200);
      const ended = await readRun(person, run.run_id);
      expect(ended).toMatchObject({ state: "cancelled", answer: { content: "half an answer" } });
      const { body } = await person.call(`GET /dialogs/${dialogId}`);
      expect(body).toMatchObject({
        dialogs: [{ partial: false }, { role: "bot", content: "half an answer", partial: true }],
      });
      expect(await readFlag(person, dialogId)).toBe(false);
    });

    it("ends the wait of the send too", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      for (const language of languages) {
        const json = { dialog_id: dialogId, text_user: "a question" };
        const sent = person.call("POST /send/message/ai", { json, headers: { "Accept-Language": language } });
        const { run_id: runId, ...lease } = await claimRun(api);
        await cancel(person, runId);
        await report(api, { run_id: runId, ...lease }, { kind: "release" });
        expectRefusal(await sent, { status: 409, language });
      }
    });

    it("twice, or too late, changes nothing", async () => {
      const { person, dialogId, run } = await prepare();
      await reply(api, { userId: person.userId, dialogId, text: "an answer" });
      for (let times = 0; times < 2; times += 1) {
        const { status, body } = await cancel(person, run.run_id);
        expect([status, body]).toMatchObject([200, { state: "completed", answer: { content: "an answer" } }]);
      }
    });

    it("may still get a late reply, once", async () => {
      const { person, dialogId, run } = await prepare();
      await cancel(person, run.run_id);
      for (let times = 0; times < 2; times += 1) {
        expect((await reply(api, { userId: person.userId, dialogId, text: "late" })).status).toBe(200);
      }
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: late"]);
    });
  });

  describe("who asks again", () => {
    const fail = async () => report(api, await claimRun(api), { kind: "fail", code: "x", message: "x", retry: false });

    it("after a failure gets a new run of the same question, which is stored once", async () => {
      const { person, dialogId, run } = await prepare();
      await fail();
      const { status, body: again } = await retry(person, run.run_id);
      expect([status, again]).toMatchObject([
        202,
        { dialog_id: dialogId, question_id: run.question_id, state: "queued" },
      ]);
      expect(again.run_id).toBeGreaterThan(run.run_id);
      expect(await readFlag(person, dialogId)).toBe(true);
      await report(api, await claimRun(api), { kind: "complete", text: "an answer" });
      expect((await readRun(person, again.run_id)).answer?.content).toBe("an answer");
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: an answer"]);
    });

    it("after a cancel gets a new run too", async () => {
      const { person, run } = await prepare();
      await cancel(person, run.run_id);
      expect((await retry(person, run.run_id)).status).toBe(202);
    });

    it("while an answer is awaited is refused, and told of the open run", async () => {
      const { person, run } = await prepare();
      expect(expectProblem(await retry(person, run.run_id), 409).run_id).toBe(run.run_id);
    });

    it("what is answered, or was asked before something else, is refused", async () => {
      const { person, dialogId, run } = await prepare();
      await fail();
      const { run_id: second } = await startRun(person, dialogId, "another question");
      await reply(api, { userId: person.userId, dialogId, text: "an answer" });
      for (const language of languages) {
        for (const runId of [run.run_id, second]) {
          const options = { headers: { "Accept-Language": language } };
          expectRefusal(await person.call(`POST /runs/${runId}/retry`, options), { status: 409, language });
        }
      }
    });
  });

  it.for(["cancel", "retry"])("finds no run of somebody else's to %s, and may say nothing more of it", async (verb) => {
    const { person, run } = await prepare();
    const stranger = await api.signIn();
    expectProblem(await stranger.call(`POST /runs/${run.run_id}/${verb}`), 404);
    expectProblem(await person.call(`POST /runs/2000000000/${verb}`), 404);
    expect(issuePlaces(await person.call(`POST /runs/${run.run_id}/${verb}`, { json: { color: "red" } }))).toEqual([
      "body.color",
    ]);
    expect(issuePlaces(await person.call(`POST /runs/first/${verb}`))).toEqual(["path.run_id"]);
    expect((await readRun(person, run.run_id)).state).toBe("queued");
  });
});
