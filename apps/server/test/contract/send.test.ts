import { describePostgres } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog, readDialog, readFlag, send, startRun, untilAwaited } from "../support/dialogs.ts";
import { outcomeOf } from "../support/http.ts";
import { expectProblem, expectRefusal, languages } from "../support/problem.ts";
import { claimRun, reply, report } from "../support/worker.ts";

describe("POST /send/message/ai", () => {
  const api = useApi();

  const prepare = async () => {
    const person = await api.signIn();
    return { person, userId: person.userId, dialogId: await createDialog(person) };
  };

  describe("is answered", () => {
    it("by POST /send/message/user", async () => {
      const { person, userId, dialogId } = await prepare();
      const sent = send(person, dialogId, "Как дела?");
      await untilAwaited(person, dialogId);
      await reply(api, { userId, dialogId, text: "Хорошо 😀" });
      const { status, body } = await sent;
      expect([status, body]).toEqual([200, { server: "ok", answer_ai: "Хорошо 😀" }]);
      expect(await readDialog(person, dialogId)).toEqual(["user: Как дела?", "bot: Хорошо 😀"]);
      expect(await readFlag(person, dialogId)).toBe(false);
    });

    it("by a worker that completes the run", async () => {
      const { person, dialogId } = await prepare();
      const sent = send(person, dialogId, "how are you?");
      await report(api, await claimRun(api), { kind: "complete", text: "fine" });
      const { status, body } = await sent;
      expect([status, body]).toEqual([200, { server: "ok", answer_ai: "fine" }]);
      expect(await readDialog(person, dialogId)).toEqual(["user: how are you?", "bot: fine"]);
    });

    it("by POST /send/message/user though a worker holds the run, whose own answer then is too late", async () => {
      const { person, userId, dialogId } = await prepare();
      const sent = send(person, dialogId, "who is faster?");
      const run = await claimRun(api);
      await reply(api, { userId, dialogId, text: "me" });
      expect((await sent).body).toEqual({ server: "ok", answer_ai: "me" });
      expectProblem(await report(api, run, { kind: "complete", text: "no, me" }), 409);
      expect(await readDialog(person, dialogId)).toEqual(["user: who is faster?", "bot: me"]);
    });

    it.for(["", " ", "x".repeat(64 * 1024), '"\\\n\u2028<&>'])(
      "with the very text of the answer, here %#",
      async (text) => {
        const { person, userId, dialogId } = await prepare();
        const sent = send(person, dialogId, "a question");
        await untilAwaited(person, dialogId);
        await reply(api, { userId, dialogId, text });
        expect((await sent).body).toEqual({ server: "ok", answer_ai: text });
      },
    );

    it("with more keys in the body, which are ignored", async () => {
      const { person, userId, dialogId } = await prepare();
      const json = { dialog_id: dialogId, text_user: "a question", user_id: 1, model: "x", stream: false };
      const sent = person.call("POST /send/message/ai", { json });
      await untilAwaited(person, dialogId);
      await reply(api, { userId, dialogId, text: "an answer" });
      expect((await sent).body).toEqual({ server: "ok", answer_ai: "an answer" });
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: an answer"]);
    });

    it("in each of several dialogs with that dialog's answer", async () => {
      const { person, userId, dialogId: first } = await prepare();
      const second = await createDialog(person, "another");
      const sent = [send(person, first, "one?"), send(person, second, "two?")];
      await Promise.all([untilAwaited(person, first), untilAwaited(person, second)]);
      await reply(api, { userId, dialogId: second, text: "two" });
      await reply(api, { userId, dialogId: first, text: "one" });
      expect((await Promise.all(sent)).map(({ body }) => body.answer_ai)).toEqual(["one", "two"]);
    });

    it("again and again in one dialog", async () => {
      const { person, userId, dialogId } = await prepare();
      for (const round of ["first", "second", "third"]) {
        const sent = send(person, dialogId, `${round}?`);
        await untilAwaited(person, dialogId);
        await reply(api, { userId, dialogId, text: round });
        expect((await sent).body.answer_ai).toBe(round);
      }
      expect(await readDialog(person, dialogId)).toHaveLength(6);
    });
  });

  describe("while an answer is awaited", () => {
    it("is 409 and names the open run; nothing is stored", async () => {
      const { person, dialogId } = await prepare();
      const run = await startRun(person, dialogId, "the first");
      for (const language of languages) {
        const json = { dialog_id: dialogId, text_user: "the second" };
        const refused = await person.call("POST /send/message/ai", { json, headers: { "Accept-Language": language } });
        const { run_id } = expectRefusal(refused, { status: 409, language });
        expect(run_id).toBe(run.run_id);
      }
      expect(await readDialog(person, dialogId)).toEqual(["user: the first"]);
    });

    it("is 409 also for a run that a worker holds", async () => {
      const { person, dialogId } = await prepare();
      await startRun(person, dialogId);
      const { run_id: held } = await claimRun(api);
      expect(expectProblem(await send(person, dialogId, "again"), 409).run_id).toBe(held);
    });
  });

  describePostgres("many at once", () => {
    it("are all refused but one", async () => {
      const { person, userId, dialogId } = await prepare();
      const refused: number[] = [];
      const sent = Array.from({ length: 8 }, async (_, index) => {
        const answer = await send(person, dialogId, `question ${index}`);
        if (answer.status !== 200) refused.push(answer.status);
        return answer.status;
      });
      await until("all but one are refused", () => refused.length === 7);
      await reply(api, { userId, dialogId, text: "an answer" });
      expect((await Promise.all(sent)).toSorted((a, b) => a - b)).toEqual([
        200,
        ...Array.from({ length: 7 }, () => 409),
      ]);
      expect(await readDialog(person, dialogId)).toEqual([
        expect.stringMatching(/^user: question \d$/),
        "bot: an answer",
      ]);
    });
  });

  describe("without an answer", () => {
    it("is 410 when the dialog is deleted meanwhile", async () => {
      for (const language of languages) {
        const { person, dialogId } = await prepare();
        const json = { dialog_id: dialogId, text_user: "a question" };
        const sent = person.call("POST /send/message/ai", { json, headers: { "Accept-Language": language } });
        await untilAwaited(person, dialogId);
        await person.call("POST /dialogs/delete", { json: { dialog_id: dialogId } });
        expectRefusal(await sent, { status: 410, language });
      }
    });

    it("is 502 when the worker fails for good, and the dialog is free", async () => {
      for (const language of languages) {
        const { person, dialogId } = await prepare();
        const json = { dialog_id: dialogId, text_user: "a question" };
        const sent = person.call("POST /send/message/ai", { json, headers: { "Accept-Language": language } });
        const run = await claimRun(api);
        await report(api, run, { kind: "fail", code: "model_down", message: "secret inside", retry: false });
        expectRefusal(await sent, { status: 502, language });
        expect(await readFlag(person, dialogId)).toBe(false);
        expect(await readDialog(person, dialogId)).toEqual(["user: a question"]);
      }
    });

    it("goes on waiting when a worker fails with another attempt to come", async () => {
      const { person, dialogId } = await prepare();
      const sent = send(person, dialogId, "a question");
      await report(api, await claimRun(api), { kind: "fail", code: "busy", message: "Busy.", retry: true });
      expect(await readFlag(person, dialogId)).toBe(true);
      await report(api, await claimRun(api), { kind: "complete", text: "at last" });
      expect((await sent).body).toEqual({ server: "ok", answer_ai: "at last" });
    });
  });

  it("is stored and answered though the client goes away", async () => {
    const { person, userId, dialogId } = await prepare();
    const client = new AbortController();
    const options = { json: { dialog_id: dialogId, text_user: "a question" }, signal: client.signal };
    const sent = person.call("POST /send/message/ai", options);
    const left = outcomeOf(sent);
    await untilAwaited(person, dialogId);
    client.abort();
    expect(await left).toBe("AbortError");
    expect(await readFlag(person, dialogId)).toBe(true);
    await reply(api, { userId, dialogId, text: "an answer" });
    expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: an answer"]);
    expect(await readFlag(person, dialogId)).toBe(false);
  });
});
