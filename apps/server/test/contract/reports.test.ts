import { until } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog, readDialog, readFlag, readRun, send } from "../support/dialogs.ts";
import { expectProblem, expectRefusal, issuePlaces, languages } from "../support/problem.ts";
import { claimRun, report, startHeldRun } from "../support/worker.ts";

const failure = { code: "model_down", message: "The model is down." };

describe("a worker's report", () => {
  const api = useApi({ RUN_MAX_ATTEMPTS: "2" });

  const prepare = () => startHeldRun(api);

  describe("heartbeat", () => {
    it("extends the lease, moves the deadline, and says that no cancel was asked for", async () => {
      const { run } = await prepare();
      const { status, body } = await report(api, run, { kind: "heartbeat", lease_ms: 600_000 });
      expect(status).toBe(200);
      const { run_id } = run;
      const times = { lease_until: expect.any(String), deadline_at: expect.any(String) };
      expect(body).toEqual({ run_id, cancel_requested: false, ...times });
      const { lease_until: extended, deadline_at } = body as { lease_until: string; deadline_at: string };
      expect(Date.parse(extended) - Date.parse(run.lease_until)).toBeGreaterThan(500_000);
      expect(Date.parse(deadline_at)).toBeGreaterThan(Date.parse(run.deadline_at));
    });
  });

  describe("append", () => {
    it("streams pieces in order, extends the lease, and is repeatable", async () => {
      const { person, dialogId, run } = await prepare();
      for (const [seq, text] of [
        [1, "Hel"],
        [2, "lo"],
        [2, "lo"],
        [1, "Hel"],
      ] as const) {
        const { status, body } = await report(api, run, { kind: "append", seq, text, lease_ms: 600_000 });
        expect([status, body]).toMatchObject([200, { run_id: run.run_id, cancel_requested: false }]);
        const { lease_until: extended } = body as { lease_until: string };
        expect(Date.parse(extended) - Date.parse(run.lease_until)).toBeGreaterThan(500_000);
      }
      await until("the text so far", async () => (await readRun(person, run.run_id)).text === "Hello");
      expect(await readDialog(person, dialogId)).toEqual(["user: a question"]);
    });

    it("is 409 with another text under a stored number", async () => {
      const { run } = await prepare();
      await report(api, run, { kind: "append", seq: 1, text: "one" });
      const refused = expectProblem(await report(api, run, { kind: "append", seq: 1, text: "two" }), 409);
      expect(refused).toMatchObject({ code: "seq_conflict", seq: 1 });
    });

    it("is 409 with a gap", async () => {
      const { run } = await prepare();
      await report(api, run, { kind: "append", seq: 1, text: "one" });
      for (const language of languages) {
        const json = { lease_token: run.lease_token, seq: 3, text: "three" };
        const headers = { "Accept-Language": language };
        expectRefusal(await api.asWorker(`POST /worker/runs/${run.run_id}/append`, { json, headers }), {
          status: 409,
          language,
        });
      }
      expect((await report(api, run, { kind: "append", seq: 2, text: "two" })).status).toBe(200);
    });

    it.for<[string, Record<string, unknown>]>([
      ["seq", { seq: 0 }],
      ["seq", { seq: "1" }],
      ["seq", { seq: 1.5 }],
      ["seq", { seq: undefined }],
      ["text", { text: "a\u0000" }],
      ["text", { text: "\ud83d" }],
      ["text", { text: undefined }],
    ])("refuses %s in %j", async ([name, wrong]) => {
      const { run } = await prepare();
      expect(issuePlaces(await report(api, run, { kind: "append", seq: 1, text: "a piece", ...wrong }))).toEqual([
        `body.${name}`,
      ]);
    });
  });

  describe("complete", () => {
    it("stores the answer and ends the wait of the person", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      const sent = send(person, dialogId, "a question");
      const run = await claimRun(api);
      const { status, body } = await report(api, run, { kind: "complete", text: "ответ 😀" });
      expect([status, body]).toEqual([200, { run_id: run.run_id, state: "completed" }]);
      expect((await sent).body).toEqual({ server: "ok", answer_ai: "ответ 😀" });
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: ответ 😀"]);
    });

    it("is accepted again with the same text, and stored once", async () => {
      const { person, dialogId, run } = await prepare();
      for (let times = 0; times < 3; times += 1) {
        const { status, body } = await report(api, run, { kind: "complete", text: "an answer" });
        expect([status, body]).toEqual([200, { run_id: run.run_id, state: "completed" }]);
      }
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: an answer"]);
    });

    it("is 409 with another text than the one before, which stays", async () => {
      const { person, dialogId, run } = await prepare();
      await report(api, run, { kind: "complete", text: "an answer" });
      const ended = expectProblem(await report(api, run, { kind: "complete", text: "another" }), 409);
      expect(ended).toMatchObject({ code: "run_ended", state: "completed", ended_at: expect.any(String) });
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: an answer"]);
    });

    it.for(["", " \n", "x".repeat(64 * 1024), "я".repeat(32 * 1024)])(
      "takes any text up to 64 KiB as it is, here %#",
      async (text) => {
        const { person, dialogId, run } = await prepare();
        expect((await report(api, run, { kind: "complete", text })).status).toBe(200);
        expect(await readDialog(person, dialogId)).toEqual(["user: a question", `bot: ${text}`]);
      },
    );

    it.for(["x".repeat(64 * 1024 + 1), "я".repeat(32 * 1024 + 1), "a\u0000", "\ud83d", null, 5])(
      "refuses what is longer or cannot be stored, here %#",
      async (text) => {
        const { run } = await prepare();
        expect(issuePlaces(await report(api, run, { kind: "complete", text }))).toEqual(["body.text"]);
      },
    );

    it("without a text takes what was appended, and refuses nothing at all", async () => {
      const { person, dialogId, run } = await prepare();
      expect(expectProblem(await report(api, run, { kind: "complete" }), 422).code).toBe("answer_missing");
      await report(api, run, { kind: "append", seq: 1, text: "in " });
      await report(api, run, { kind: "append", seq: 2, text: "pieces" });
      expect((await report(api, run, { kind: "complete" })).status).toBe(200);
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: in pieces"]);
    });

    it("takes what the answer cost, and tells it with the run", async () => {
      const { person, run } = await prepare();
      const usage = { model: "m", input_tokens: 1, output_tokens: 2, cost: 0.5 };
      expect((await report(api, run, { kind: "complete", text: "an answer", usage })).status).toBe(200);
      expect(await readRun(person, run.run_id)).toMatchObject({ usage });
    });

    it("heals a run that failed while the worker was still at it", async () => {
      const { person, dialogId, run } = await prepare();
      await report(api, run, { kind: "fail", ...failure, retry: false });
      expect((await report(api, run, { kind: "complete", text: "after all" })).status).toBe(200);
      expect(await readRun(person, run.run_id)).toMatchObject({ state: "completed", answer: { content: "after all" } });
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: after all"]);
    });
  });

  describe("fail", () => {
    it("with retry puts the run back in the queue", async () => {
      const { person, dialogId, run } = await prepare();
      const { status, body } = await report(api, run, { kind: "fail", ...failure, retry: true });
      expect([status, body]).toEqual([
        200,
        { run_id: run.run_id, state: "queued", available_at: expect.any(String), attempts_left: 1 },
      ]);
      expect(await readFlag(person, dialogId)).toBe(true);
      expect(await claimRun(api)).toMatchObject({ run_id: run.run_id, attempt: 2 });
    });

    it("with retry on the last attempt ends the run", async () => {
      const { person, dialogId, run } = await prepare();
      await report(api, run, { kind: "fail", ...failure, retry: true });
      const { body } = await report(api, await claimRun(api), { kind: "fail", ...failure, retry: true });
      expect(body).toMatchObject({ run_id: run.run_id, state: "failed", attempts_left: 0 });
      expect(await readFlag(person, dialogId)).toBe(false);
    });

    it("without retry ends the run at once", async () => {
      const { person, dialogId, run } = await prepare();
      const { status, body } = await report(api, run, { kind: "fail", ...failure, retry: false });
      expect([status, body]).toEqual([
        200,
        { run_id: run.run_id, state: "failed", available_at: null, attempts_left: 0 },
      ]);
      expect(await readRun(person, run.run_id)).toMatchObject({ state: "failed", error: failure });
      expect(await readFlag(person, dialogId)).toBe(false);
    });

    it.for<[string, Record<string, unknown>]>([
      ["code", { code: "" }],
      ["code", { code: undefined }],
      ["message", { message: "a\u0000" }],
      ["message", { message: undefined }],
      ["retry", { retry: "true" }],
      ["retry", { retry: undefined }],
    ])("refuses %s in %j", async ([name, wrong]) => {
      const { run } = await prepare();
      expect(issuePlaces(await report(api, run, { kind: "fail", ...failure, retry: true, ...wrong }))).toEqual([
        `body.${name}`,
      ]);
    });
  });

  describe("release", () => {
    it("gives the run back unspent, at once and under another lease", async () => {
      const { person, dialogId, run } = await prepare();
      const { status, body } = await report(api, run, { kind: "release" });
      expect([status, body]).toEqual([200, { run_id: run.run_id, state: "queued" }]);
      expect(await readFlag(person, dialogId)).toBe(true);
      const next = await claimRun(api);
      expect(next).toMatchObject({ run_id: run.run_id, attempt: 1 });
      expect(next.lease_token).not.toBe(run.lease_token);
    });
  });
});
