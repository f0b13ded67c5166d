import { describePostgres } from "@deepbot/db/testing";
import { describe, expect, it } from "vitest";
import { runSql, useApi, type Person } from "../support/api.ts";
import { createDialog, listDialogs, readDialog, readFlag, startRun } from "../support/dialogs.ts";
import { expectProblem, expectRefusal, languages, russian } from "../support/problem.ts";
import { claimRun, reply, report } from "../support/worker.ts";

const limit = 5;

async function fill(person: Person): Promise<number[]> {
  const ids: number[] = [];
  for (let count = 0; count < limit; count += 1) ids.push(await createDialog(person, `dialog ${count}`));
  return ids;
}

describe("dialogs", () => {
  const api = useApi();

  describe("POST /dialogs", () => {
    it("gives an empty list to somebody new", async () => {
      const person = await api.signIn();
      const { status, body } = await person.call("POST /dialogs");
      expect([status, body]).toEqual([200, { server: "ok", dialogs: [] }]);
    });

    it("lists by rising id, whatever was renamed in between", async () => {
      const person = await api.signIn();
      const ids = await fill(person);
      await person.call("POST /dialogs/rename", { json: { dialog_id: ids[0], dialog_name: "renamed" } });
      const { status, body } = await person.call("POST /dialogs");
      expect(status).toBe(200);
      expect(body).toEqual({
        server: "ok",
        dialogs: ids.map((id, index) => ({ dialog_id: id, dialog_name: index === 0 ? "renamed" : `dialog ${index}` })),
      });
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    });

    it("lists nobody else's", async () => {
      const [person, other] = [await api.signIn(), await api.signIn()];
      const mine = await createDialog(person, "mine");
      await createDialog(other, "theirs");
      expect(await listDialogs(person)).toEqual([{ dialog_id: mine, dialog_name: "mine" }]);
    });
  });

  describe("POST /dialogs/create", () => {
    it("answers with the new dialog's id, a number", async () => {
      const person = await api.signIn();
      const { status, body } = await person.call("POST /dialogs/create", { json: { dialog_name: "first" } });
      expect([status, body]).toEqual([200, { server: "ok", dialog: expect.any(Number) }]);
    });

    it("takes the same name twice", async () => {
      const person = await api.signIn();
      expect(await createDialog(person, "same")).not.toBe(await createDialog(person, "same"));
    });

    it("refuses the sixth dialog in the person's language and stores nothing", async () => {
      const person = await api.signIn();
      await fill(person);
      for (const language of languages) {
        const refused = await person.call("POST /dialogs/create", {
          json: { dialog_name: "sixth" },
          headers: { "Accept-Language": language },
        });
        expectRefusal(refused, { status: 403, language, words: russian.dialogLimit });
      }
      expect(await listDialogs(person)).toHaveLength(limit);
    });

    it("looks at the name before the limit", async () => {
      const person = await api.signIn();
      await fill(person);
      expectProblem(await person.call("POST /dialogs/create", { json: { dialog_name: "no" } }), 422);
    });

    it("has room again once a dialog is deleted", async () => {
      const person = await api.signIn();
      const [first] = await fill(person);
      await person.call("POST /dialogs/delete", { json: { dialog_id: first } });
      await createDialog(person, "sixth");
      expect((await listDialogs(person)).map((dialog) => dialog.dialog_name).at(-1)).toBe("sixth");
    });

    it("counts each person's dialogs apart", async () => {
      await fill(await api.signIn());
      expect(await createDialog(await api.signIn())).toEqual(expect.any(Number));
    });
  });

  describePostgres("POST /dialogs/create from many devices at once", () => {
    it("keeps the limit", async () => {
      const person = await api.signIn();
      const create = () => person.call("POST /dialogs/create", { json: { dialog_name: "at once" } });
      const statuses = (await Promise.all(Array.from({ length: 12 }, create))).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(limit);
      expect(statuses.filter((status) => status === 403)).toHaveLength(12 - limit);
    });
  });

  describe("POST /dialogs/delete", () => {
    it.for(languages)("answers with the original's words to a person who reads %s", async (language) => {
      const person = await api.signIn();
      const json = { dialog_id: await createDialog(person) };
      const headers = { "Accept-Language": language };
      const { status, body } = await person.call("POST /dialogs/delete", { json, headers });
      expect([status, body]).toEqual([200, { server: "ok", status: "Диалог удалён" }]);
      expect(await listDialogs(person)).toEqual([]);
    });

    it("takes the messages along, also of a dialog that awaits an answer", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      await reply(api, { userId: person.userId, dialogId, text: "hello" });
      await startRun(person, dialogId);
      await person.call("POST /dialogs/delete", { json: { dialog_id: dialogId } });
      expectProblem(await person.call(`GET /dialogs/${dialogId}`), 404);
      expect(await runSql(api.database, `select message_id from messages where dialog_id = ${dialogId}`)).toEqual([]);
      expect((await api.asWorker("GET /messages")).body).toEqual({ success: true, service_message: [] });
    });

    it("is not found the second time", async () => {
      const person = await api.signIn();
      const json = { dialog_id: await createDialog(person) };
      await person.call("POST /dialogs/delete", { json });
      expectProblem(await person.call("POST /dialogs/delete", { json }), 404);
    });

    it("leaves the person's other dialogs alone", async () => {
      const person = await api.signIn();
      const [first, second] = [await createDialog(person, "first"), await createDialog(person, "second")];
      await person.call("POST /dialogs/delete", { json: { dialog_id: first } });
      expect(await listDialogs(person)).toEqual([{ dialog_id: second, dialog_name: "second" }]);
    });
  });

  describe("POST /dialogs/rename", () => {
    it("answers with true and changes the name", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person, "before");
      const json = { dialog_id: dialogId, dialog_name: "after" };
      const { status, body } = await person.call("POST /dialogs/rename", { json });
      expect([status, body]).toEqual([200, { server: "ok", status: true }]);
      expect(await listDialogs(person)).toEqual([{ dialog_id: dialogId, dialog_name: "after" }]);
    });

    it("keeps the messages", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      await reply(api, { userId: person.userId, dialogId, text: "hello" });
      await person.call("POST /dialogs/rename", { json: { dialog_id: dialogId, dialog_name: "after" } });
      expect(await readDialog(person, dialogId)).toEqual(["bot: hello"]);
    });

    it("looks at the name before the dialog", async () => {
      const person = await api.signIn();
      const json = { dialog_id: 2_000_000_000, dialog_name: "no" };
      expectProblem(await person.call("POST /dialogs/rename", { json }), 422);
    });
  });

  describe("GET /dialogs/{id}", () => {
    it("gives an empty list for an empty dialog", async () => {
      const person = await api.signIn();
      const { status, body } = await person.call(`GET /dialogs/${await createDialog(person)}`);
      expect([status, body]).toEqual([200, { server: "ok", dialogs: [] }]);
    });

    it("gives roles and texts, oldest first", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      for (const text of ["first", "second"]) {
        await startRun(person, dialogId, `${text} question`);
        await reply(api, { userId: person.userId, dialogId, text: `${text} answer` });
      }
      const { status, body } = await person.call(`GET /dialogs/${dialogId}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        server: "ok",
        dialogs: [
          { role: "user", content: "first question" },
          { role: "bot", content: "first answer" },
          { role: "user", content: "second question" },
          { role: "bot", content: "second answer" },
        ],
      });
    });
  });

  describe.for(["/dialogs/flag", "/flag"] as const)("GET %s/{id}", (path) => {
    it("is false in a new dialog, true while an answer is awaited, false once it came", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      const flag = async () => {
        const { status, body } = await person.call(`GET ${path}/${dialogId}`);
        return [status, body];
      };
      expect(await flag()).toEqual([200, { server: "ok", content: false }]);
      await startRun(person, dialogId);
      expect(await flag()).toEqual([200, { server: "ok", content: true }]);
      const run = await claimRun(api);
      expect(await flag()).toEqual([200, { server: "ok", content: true }]);
      await report(api, run, { kind: "complete", text: "an answer" });
      expect(await flag()).toEqual([200, { server: "ok", content: false }]);
    });

    it("speaks of its own dialog only", async () => {
      const person = await api.signIn();
      const [busy, idle] = [await createDialog(person, "busy"), await createDialog(person, "idle")];
      await startRun(person, busy);
      expect([await readFlag(person, busy), await readFlag(person, idle)]).toEqual([true, false]);
    });
  });
});
