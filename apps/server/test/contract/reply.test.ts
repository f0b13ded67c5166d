import { describePostgres } from "@deepbot/db/testing";
import { describe, expect, it } from "vitest";
import { useApi, type Person } from "../support/api.ts";
import { createDialog, readDialog, readFlag, readRun, startRun } from "../support/dialogs.ts";
import { expectProblem, expectRefusal, issuePlaces, languages } from "../support/problem.ts";
import { claimRun, reply, report } from "../support/worker.ts";

const stored = { server: "ok", service_message: "Сообщение записано" };
const limitBytes = 64 * 1024;

/** A JSON string with every UTF-16 unit as `\\uXXXX`. */
function escapeAll(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
}

describe("POST /send/message/user", () => {
  const api = useApi();

  const prepare = async () => {
    const person = await api.signIn();
    return { person, dialogId: await createDialog(person) };
  };
  /** A reply that must be accepted. */
  const say = async ({ userId }: Person, dialogId: number, text: string) => {
    const { status, body } = await reply(api, { userId, dialogId, text });
    expect([status, body]).toEqual([200, stored]);
  };
  const failRun = async () => report(api, await claimRun(api), { kind: "fail", code: "x", message: "x", retry: false });

  describe("with an open run", () => {
    it("completes it", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: runId } = await startRun(person, dialogId);
      await say(person, dialogId, "an answer");
      expect(await readRun(person, runId)).toMatchObject({
        state: "completed",
        answer: { content: "an answer" },
        error: null,
      });
      expect(await readFlag(person, dialogId)).toBe(false);
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: an answer"]);
    });

    it("answers in the original's words to whoever reads what", async () => {
      for (const language of languages) {
        const { person, dialogId } = await prepare();
        const json = { user_id: person.userId, dialog_id: dialogId, text_user: "hello" };
        const { body } = await api.asWorker("POST /send/message/user", {
          json,
          headers: { "Accept-Language": language },
        });
        expect(body).toEqual(stored);
      }
    });

    it("completes it also with the very text of the answer before", async () => {
      const { person, dialogId } = await prepare();
      for (const question of ["first", "second"]) {
        await startRun(person, dialogId, question);
        await say(person, dialogId, "yes");
      }
      expect(await readDialog(person, dialogId)).toEqual(["user: first", "bot: yes", "user: second", "bot: yes"]);
    });
  });

  describe("unsolicited", () => {
    it("is stored as the bot's message: the AI may speak first", async () => {
      const { person, dialogId } = await prepare();
      await say(person, dialogId, "hello");
      expect(await readDialog(person, dialogId)).toEqual(["bot: hello"]);
      expect(await readFlag(person, dialogId)).toBe(false);
    });

    it("is stored after an answer, when it says something else", async () => {
      const { person, dialogId } = await prepare();
      await startRun(person, dialogId);
      for (const text of ["an answer", "and more", "an answer"]) await say(person, dialogId, text);
      expect(await readDialog(person, dialogId)).toEqual([
        "user: a question",
        "bot: an answer",
        "bot: and more",
        "bot: an answer",
      ]);
    });
  });

  describe("repeated", () => {
    it.for(["an answer", "", " ", "😀"])("is accepted and not stored again: %j", async (text) => {
      const { person, dialogId } = await prepare();
      await startRun(person, dialogId);
      for (let times = 0; times < 3; times += 1) await say(person, dialogId, text);
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", `bot: ${text}`]);
    });

    it("is accepted and not stored again when nothing was asked", async () => {
      const { person, dialogId } = await prepare();
      for (let times = 0; times < 2; times += 1) await say(person, dialogId, "hello");
      expect(await readDialog(person, dialogId)).toEqual(["bot: hello"]);
    });

    it("is told apart by every character", async () => {
      const { person, dialogId } = await prepare();
      for (const text of ["Yes", "yes", "yes ", "yes\n"]) await say(person, dialogId, text);
      expect(await readDialog(person, dialogId)).toEqual(["bot: Yes", "bot: yes", "bot: yes ", "bot: yes\n"]);
    });
  });

  describePostgres("repeated many times at once", () => {
    it("is stored once", async () => {
      const { person, dialogId } = await prepare();
      await startRun(person, dialogId);
      await Promise.all(Array.from({ length: 8 }, () => say(person, dialogId, "an answer")));
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: an answer"]);
    });
  });

  describe("after a run that failed", () => {
    it("becomes its answer", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: runId } = await startRun(person, dialogId);
      await failRun();
      expect((await readRun(person, runId)).state).toBe("failed");
      await say(person, dialogId, "after all");
      expect(await readRun(person, runId)).toMatchObject({ state: "completed", answer: { content: "after all" } });
      await say(person, dialogId, "after all");
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: after all"]);
      expect(await readFlag(person, dialogId)).toBe(false);
    });

    it("becomes its answer also with the bot's last text, for the user has spoken since", async () => {
      const { person, dialogId } = await prepare();
      await startRun(person, dialogId, "first");
      await say(person, dialogId, "yes");
      await startRun(person, dialogId, "second");
      await failRun();
      await say(person, dialogId, "yes");
      expect(await readDialog(person, dialogId)).toEqual(["user: first", "bot: yes", "user: second", "bot: yes"]);
    });

    it("belongs to the last run only: one before it stays as it is", async () => {
      const { person, dialogId } = await prepare();
      const { run_id: first } = await startRun(person, dialogId, "first");
      await failRun();
      const { run_id: second } = await startRun(person, dialogId, "second");
      await say(person, dialogId, "an answer");
      expect([(await readRun(person, first)).state, (await readRun(person, second)).state]).toEqual([
        "failed",
        "completed",
      ]);
      await say(person, dialogId, "more");
      expect((await readRun(person, first)).state).toBe("failed");
      expect(await readDialog(person, dialogId)).toEqual([
        "user: first",
        "user: second",
        "bot: an answer",
        "bot: more",
      ]);
    });
  });

  describe("with an owner that is not the dialog's", () => {
    it("is 404 with one body for all, and stores nothing", async () => {
      const { person, dialogId } = await prepare();
      const stranger = await api.signIn();
      await startRun(person, dialogId);
      const owners = [stranger.userId, 1, 0, -1, 2_000_000_000];
      for (const language of languages) {
        const refusals = owners.map(async (owner) => {
          const json = { user_id: owner, dialog_id: dialogId, text_user: "an answer" };
          const refused = await api.asWorker("POST /send/message/user", {
            json,
            headers: { "Accept-Language": language },
          });
          expectRefusal(refused, { status: 404, language });
          return { ...(refused.body as object), request_id: "" };
        });
        expect(new Set((await Promise.all(refusals)).map((body) => JSON.stringify(body))).size).toBe(1);
      }
      expect(await readDialog(person, dialogId)).toEqual(["user: a question"]);
      expect(await readFlag(person, dialogId)).toBe(true);
    });

    it("is 404 for a dialog that is unknown or was deleted", async () => {
      const { person, dialogId } = await prepare();
      await person.call("POST /dialogs/delete", { json: { dialog_id: dialogId } });
      for (const id of [dialogId, 0, -1, 2_000_000_000]) {
        expectProblem(await reply(api, { userId: person.userId, dialogId: id, text: "hello" }), 404);
      }
    });
  });

  it.for(["9007199254740993", "9223372036854775808", "1e30"])(
    "refuses the id %s, which is no safe integer",
    async (id) => {
      const { person, dialogId } = await prepare();
      const headers = { "Content-Type": "application/json" };
      const bodies = [
        `{"user_id": ${id}, "dialog_id": ${dialogId}, "text_user": "hello"}`,
        `{"user_id": ${person.userId}, "dialog_id": ${id}, "text_user": "hello"}`,
      ];
      for (const body of bodies) {
        expect((await api.asWorker("POST /send/message/user", { body, headers })).status).toBe(422);
      }
      expect(await readDialog(person, dialogId)).toEqual([]);
    },
  );

  describe("in its length", () => {
    it.for([
      ["nothing at all", ""],
      ["64 KiB of ASCII", "x".repeat(limitBytes)],
      ["64 KiB of Cyrillic", "я".repeat(limitBytes / 2)],
      ["64 KiB of emoji", "😀".repeat(limitBytes / 4)],
    ] as const)("may be %s, plain or with every character escaped", async ([, text]) => {
      const { person, dialogId } = await prepare();
      for (const literal of [JSON.stringify(text), escapeAll(text)]) {
        const body = `{"user_id": ${person.userId}, "dialog_id": ${dialogId}, "text_user": ${literal}}`;
        const { status } = await api.asWorker("POST /send/message/user", {
          body,
          headers: { "Content-Type": "application/json" },
        });
        expect(status).toBe(200);
      }
      // The second was a repeat of the first.
      expect(await readDialog(person, dialogId)).toEqual([`bot: ${text}`]);
    });

    it.for([
      ["64 KiB and a byte of ASCII", "x".repeat(limitBytes + 1)],
      ["64 KiB and two bytes of Cyrillic", "я".repeat(limitBytes / 2 + 1)],
      ["64 KiB and a byte of emoji", `${"😀".repeat(limitBytes / 4)}x`],
    ] as const)("may not be %s", async ([, text]) => {
      const { person, dialogId } = await prepare();
      expect(issuePlaces(await reply(api, { userId: person.userId, dialogId, text }))).toEqual(["body.text_user"]);
      expect(await readDialog(person, dialogId)).toEqual([]);
    });

    it.for([
      ["NUL", "a\u0000"],
      ["a lone surrogate", "a\ud800"],
      ["null", null],
      ["a number", 5],
      ["absent", undefined],
    ] as const)("may not be %s", async ([, text]) => {
      const { person, dialogId } = await prepare();
      const json = { user_id: person.userId, dialog_id: dialogId, text_user: text };
      expect(issuePlaces(await api.asWorker("POST /send/message/user", { json }))).toEqual(["body.text_user"]);
      expect(await readDialog(person, dialogId)).toEqual([]);
    });
  });

  it("ignores more keys", async () => {
    const { person, dialogId } = await prepare();
    const json = { user_id: person.userId, dialog_id: dialogId, text_user: "hello", model: "x", run_id: 1 };
    expect((await api.asWorker("POST /send/message/user", { json })).body).toEqual(stored);
  });
});
