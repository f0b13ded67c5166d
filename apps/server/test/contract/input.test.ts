import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog, listDialogs, readDialog, startRun } from "../support/dialogs.ts";
import type { Target } from "../support/http.ts";
import { expectProblem, expectSentence, issuePlaces, languages } from "../support/problem.ts";

const emoji = "😀";
const unstorable: [string, string][] = [
  ["NUL", "a\u0000bc"],
  ["a lone high surrogate", "abc\ud83d"],
  ["a lone low surrogate", "\ude00abc"],
  ["surrogates in the wrong order", "abc\ude00\ud83d"],
];

describe("the input", () => {
  const api = useApi();

  describe("a dialog's name", () => {
    it.for([
      ["three characters", "abc"],
      ["twenty characters", "x".repeat(20)],
      ["three emoji", emoji.repeat(3)],
      ["twenty emoji, forty UTF-16 units", emoji.repeat(20)],
      ["twenty Cyrillic letters", "я".repeat(20)],
      ["spaces only", "   "],
      ["spaces around", "  a "],
      ["line breaks and a tab", "\n\t\r"],
      ["markup and quotes", `<b>"';--\\</b>`],
      ["combining marks, which count", "é".normalize("NFD").repeat(10)],
      ["invisible characters, which count", "\u200b\u200d\ufeff"],
    ])("may be %s, and is stored as it is", async ([, name]) => {
      const person = await api.signIn();
      const dialogId = await createDialog(person, name);
      expect(await listDialogs(person)).toEqual([{ dialog_id: dialogId, dialog_name: name }]);
      await person.call("POST /dialogs/rename", { json: { dialog_id: dialogId, dialog_name: "another" } });
      const { status } = await person.call("POST /dialogs/rename", {
        json: { dialog_id: dialogId, dialog_name: name },
      });
      expect([status, await listDialogs(person)]).toEqual([200, [{ dialog_id: dialogId, dialog_name: name }]]);
    });

    const refused: [string, unknown][] = [
      ["absent", undefined],
      ["null", null],
      ["empty", ""],
      ["two characters", "ab"],
      ["two emoji, four UTF-16 units", emoji.repeat(2)],
      ["twenty-one characters", "x".repeat(21)],
      ["twenty-one emoji", emoji.repeat(21)],
      ["ten base letters with combining marks and one more", `${"é".normalize("NFD").repeat(10)}x`],
      ["a number", 12_345],
      ["a list", ["abc"]],
      ["an object", { name: "abc" }],
      ["true", true],
      ...unstorable,
    ];
    it.for(refused)("may not be %s", async ([, name]) => {
      const person = await api.signIn();
      const dialogId = await createDialog(person, "before");
      const created = await person.call("POST /dialogs/create", { json: { dialog_name: name } });
      const renamed = await person.call("POST /dialogs/rename", { json: { dialog_id: dialogId, dialog_name: name } });
      expect([issuePlaces(created), issuePlaces(renamed)]).toEqual([["body.dialog_name"], ["body.dialog_name"]]);
      expect(await listDialogs(person)).toEqual([{ dialog_id: dialogId, dialog_name: "before" }]);
    });
  });

  describe("a person's message", () => {
    it.for([
      ["one character", "x"],
      ["one space", " "],
      ["two thousand characters", "x".repeat(2000)],
      ["two thousand emoji", emoji.repeat(2000)],
      ["white space around", " \n\thello\r\n "],
      ["markup, quotes and a placeholder", `<script>'"\`\${x}{0}%s\\n--</script>`],
    ])("may be %s, and is stored as it is", async ([, text]) => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      await startRun(person, dialogId, text);
      expect(await readDialog(person, dialogId)).toEqual([`user: ${text}`]);
    });

    const refused: [string, unknown][] = [
      ["absent", undefined],
      ["null", null],
      ["empty", ""],
      ["two thousand and one characters", "x".repeat(2001)],
      ["two thousand and one emoji", emoji.repeat(2001)],
      ["a number", 5],
      ["a list", ["x"]],
      ...unstorable,
    ];
    it.for(refused)("may not be %s", async ([, text]) => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      const sent = await person.call("POST /send/message/ai", { json: { dialog_id: dialogId, text_user: text } });
      const started = await person.call(`POST /dialogs/${dialogId}/runs`, { json: { text_user: text } });
      expect([issuePlaces(sent), issuePlaces(started)]).toEqual([["body.text_user"], ["body.text_user"]]);
      expect(await readDialog(person, dialogId)).toEqual([]);
    });

    it.for(["1", "not-a-uuid", 12, true, "\u0000", ""])("may not have the client_message_id %j", async (id) => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      const json = { dialog_id: dialogId, text_user: "hello", client_message_id: id };
      expect(issuePlaces(await person.call("POST /send/message/ai", { json }))).toEqual(["body.client_message_id"]);
      expect(await readDialog(person, dialogId)).toEqual([]);
    });
  });

  describe("an id", () => {
    const places: [Target, Record<string, unknown>, string][] = [
      ["POST /dialogs/delete", {}, "dialog_id"],
      ["POST /dialogs/rename", { dialog_name: "after" }, "dialog_id"],
      ["POST /send/message/ai", { text_user: "hello" }, "dialog_id"],
      ["POST /send/message/user", { user_id: 2, text_user: "hello" }, "dialog_id"],
      ["POST /send/message/user", { dialog_id: 1, text_user: "hello" }, "user_id"],
    ];
    const values = [
      ["text", "12"],
      ["true", true],
      ["a fraction", 1.5],
      ["null", null],
      ["a list", [1]],
      ["absent", undefined],
    ] as const;
    it.for(places.flatMap((place) => values.map((value) => [...place, ...value] as const)))(
      "in the body of %s beside %j, as %s: %s is refused",
      async ([target, others, name, , value]) => {
        const person = await api.signIn();
        const call = target === "POST /send/message/user" ? api.asWorker : person.call;
        expect(issuePlaces(await call(target, { json: { ...others, [name]: value } }))).toEqual([`body.${name}`]);
      },
    );

    it("in a body may be written as a whole number with a fraction of zero, which is the same JSON number", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      const body = `{"dialog_id": ${dialogId}.0}`;
      expect((await person.call("POST /dialogs/delete", { body })).status).toBe(200);
    });

    const paths = ["/dialogs/", "/dialogs/flag/", "/flag/", "/runs/"] as const;
    const texts = [
      "abc",
      "1.5",
      "12abc",
      "1e3",
      "0x10",
      "true",
      "null",
      "%20",
      "%D9%A1",
      "1%2C2",
      "undefined",
      "NaN",
      "Infinity",
    ];
    it.for(paths.flatMap((path) => texts.map((text) => [path, text] as const)))(
      "in the path %s may not be %s",
      async ([path, text]) => {
        const person = await api.signIn();
        const name = path === "/runs/" ? "run_id" : "dialog_id";
        expect(issuePlaces(await person.call(`GET ${path}${text}`))).toEqual([`path.${name}`]);
      },
    );
  });

  describe("a refused input", () => {
    it("names every issue at once, in one sentence of the person's language", async () => {
      const person = await api.signIn();
      for (const language of languages) {
        const reply = await person.call("POST /dialogs/rename", {
          json: { dialog_id: "1", dialog_name: "x" },
          headers: { "Accept-Language": language },
        });
        expect(issuePlaces(reply).toSorted()).toEqual(["body.dialog_id", "body.dialog_name"]);
        const { detail, errors = [] } = expectProblem(reply, 422);
        expectSentence(detail, language);
        for (const { msg } of errors) expectSentence(msg, language);
      }
    });

    const bodies = [
      ["a list", "[]"],
      ["a text", '"x"'],
      ["a number", "1"],
      ["null", "null"],
      ["true", "true"],
    ] as const;
    it.for(bodies)("may be %s in place of an object", async ([, body]) => {
      const person = await api.signIn();
      const headers = { "Content-Type": "application/json" };
      expect(issuePlaces(await person.call("POST /dialogs/create", { body, headers }))).toEqual(["body"]);
    });
  });
});
