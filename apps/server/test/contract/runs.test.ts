import { until } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog, readDialog, readFlag, readRun, startRun, type Run } from "../support/dialogs.ts";
import { expectRefusal, issuePlaces, languages } from "../support/problem.ts";
import { claimRun, reply, report } from "../support/worker.ts";

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/;

describe("runs", () => {
  const api = useApi({ ANSWER_DEADLINE_MS: "60000" });

  const prepare = async () => {
    const person = await api.signIn();
    return { person, dialogId: await createDialog(person) };
  };

  describe("POST /dialogs/{dialog_id}/runs", () => {
    it("stores the message and answers 202 with the run at once", async () => {
      const { person, dialogId } = await prepare();
      const { status, body } = await person.call<Run>(`POST /dialogs/${dialogId}/runs`, {
        json: { text_user: "a question" },
      });
      expect(status).toBe(202);
      expect(body).toMatchObject({
        dialog_id: dialogId,
        state: "queued",
        attempt: 0,
        answer: null,
        error: null,
        ended_at: null,
      });
      expect([body.created_at, body.deadline_at]).toEqual([expect.stringMatching(time), expect.stringMatching(time)]);
      expect(Math.abs(Date.parse(body.deadline_at) - Date.parse(body.created_at) - 60_000)).toBeLessThan(1_000);
      const { body: dialog } = await person.call(`GET /dialogs/${dialogId}`);
      expect(dialog).toMatchObject({
        dialogs: [{ role: "user", content: "a question", message_id: body.question_id }],
      });
      expect(await readFlag(person, dialogId)).toBe(true);
    });

    it("is 409 while an answer is awaited, naming the open run", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: open } = await startRun(person, dialogId, "first");
      for (const language of languages) {
        const options = { json: { text_user: "second" }, headers: { "Accept-Language": language } };
        const { run_id } = expectRefusal(await person.call(`POST /dialogs/${dialogId}/runs`, options), {
          status: 409,
          language,
        });
        expect(run_id).toBe(open);
      }
      expect(await readDialog(person, dialogId)).toEqual(["user: first"]);
    });

    it("rises in its ids", async () => {
      const { person, dialogId } = await prepare();
      const first = await startRun(person, dialogId);
      await reply(api, { userId: person.userId, dialogId, text: "an answer" });
      const second = await startRun(person, dialogId);
      expect(second.run_id).toBeGreaterThan(first.run_id);
      expect(second.question_id).toBeGreaterThan(first.question_id);
    });

    it.for([
      ["unknown", { color: "red" }, ["body.color"]],
      ["unknown, two of them", { a: 1, b: 2 }, ["body.a", "body.b"]],
      ["the path's, not the body's", { dialog_id: 1 }, ["body.dialog_id"]],
    ] as const)("refuses a key that is %s", async ([, keys, places]) => {
      const { person, dialogId } = await prepare();
      const refused = await person.call(`POST /dialogs/${dialogId}/runs`, { json: { text_user: "hello", ...keys } });
      expect(issuePlaces(refused).toSorted()).toEqual(places);
      expect(await readDialog(person, dialogId)).toEqual([]);
    });

    it.for(["abc", "1.5"])("refuses the dialog id %s", async (id) => {
      const { person } = await prepare();
      expect(issuePlaces(await person.call(`POST /dialogs/${id}/runs`, { json: { text_user: "hello" } }))).toEqual([
        "path.dialog_id",
      ]);
    });
  });

  describe("GET /runs/{run_id}", () => {
    it("follows the run from the queue to its answer", async () => {
      const { person, dialogId } = await prepare();
      const started = await startRun(person, dialogId);
      expect(await readRun(person, started.run_id)).toEqual(started);
      const claimed = await claimRun(api);
      expect(await readRun(person, started.run_id)).toEqual({ ...started, state: "running", attempt: 1 });
      await report(api, claimed, { kind: "complete", text: "an answer" });
      const answer = { message_id: expect.any(Number), content: "an answer" };
      const ended = await readRun(person, started.run_id);
      expect(ended).toEqual({
        ...started,
        state: "completed",
        attempt: 1,
        ended_at: expect.stringMatching(time),
        text: null,
        answer,
      });
      const { body } = await person.call(`GET /dialogs/${dialogId}`);
      expect(body).toMatchObject({
        dialogs: [{}, { role: "bot", message_id: ended.answer?.message_id, content: "an answer" }],
      });
    });

    it("tells why a run failed", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: runId } = await startRun(person, dialogId);
      await report(api, await claimRun(api), {
        kind: "fail",
        code: "model_down",
        message: "Модель недоступна.",
        retry: false,
      });
      const error = { code: "model_down", message: "Модель недоступна." };
      expect(await readRun(person, runId)).toMatchObject({
        state: "failed",
        answer: null,
        error,
        ended_at: expect.stringMatching(time),
      });
    });

    it("tells why the last attempt failed while another is to come", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: runId } = await startRun(person, dialogId);
      await report(api, await claimRun(api), { kind: "fail", code: "busy", message: "Busy.", retry: true });
      expect(await readRun(person, runId)).toMatchObject({ state: "queued", error: { code: "busy" }, ended_at: null });
    });

    it("gives the text streamed so far, until the answer is there", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: runId } = await startRun(person, dialogId);
      const claimed = await claimRun(api);
      await report(api, claimed, { kind: "append", seq: 1, text: "Так " });
      await report(api, claimed, { kind: "append", seq: 2, text: "вот" });
      const run = await until("the text so far", async () => {
        const read = await readRun(person, runId);
        return read.text === "Так вот" && read;
      });
      expect(run).toMatchObject({ state: "running", answer: null });
      await report(api, claimed, { kind: "complete", text: "Так вот, да" });
      expect(await readRun(person, runId)).toMatchObject({
        state: "completed",
        answer: { content: "Так вот, да" },
        text: null,
      });
    });

    it("shows an empty answer as one", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: runId } = await startRun(person, dialogId);
      await report(api, await claimRun(api), { kind: "complete", text: "" });
      expect(await readRun(person, runId)).toMatchObject({ state: "completed", answer: { content: "" } });
    });

    it("keeps showing a run after the next one in its dialog", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: first } = await startRun(person, dialogId, "first");
      await reply(api, { userId: person.userId, dialogId, text: "first answer" });
      await startRun(person, dialogId, "second");
      expect(await readRun(person, first)).toMatchObject({ state: "completed", answer: { content: "first answer" } });
    });

    it("refuses an unknown key in the query", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: runId } = await startRun(person, dialogId);
      expect(issuePlaces(await person.call(`GET /runs/${runId}?verbose=1`))).toEqual(["query.verbose"]);
    });
  });
});
