import { testKeys } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { useApi, type Person } from "../support/api.ts";
import { documented } from "../support/document.ts";
import { createDialog, startRun } from "../support/dialogs.ts";
import type { Reply, RequestOptions, Target } from "../support/http.ts";
import { expectProblem, expectRefusal, expectSentence, issuePlaces, languages, russian } from "../support/problem.ts";

const anyPath = (path: string): string => path.replaceAll(/\{\w+\}/g, "1");
const statusAndBody = ({ status, body }: Reply) => [status, body];

/** The one credential that a target takes. */
function credentialFor(target: string, { cookie }: Person): Record<string, string> {
  if (target.endsWith(" /messages")) return { "X-Messages-Key": testKeys.messages };
  return target.endsWith(" /health") ? { "X-Health-Key": testKeys.health } : { Cookie: cookie };
}

function expectNoBody({ status, text }: Reply, expected: number): void {
  expect([status, text]).toEqual([expected, ""]);
}

describe("over HTTP", () => {
  const api = useApi();

  describe("a request", () => {
    it.for([
      "application/json",
      "application/json; charset=utf-8",
      "application/json;charset=UTF-8",
      'application/json; charset="utf-8"',
      "Application/JSON",
      undefined,
    ])("with JSON as %s is read", async (type) => {
      const person = await api.signIn();
      const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
      const created = await person.call<{ dialog: number }>("POST /dialogs/create", {
        body: '{"dialog_name": "имя 😀"}',
        headers,
      });
      expect(created.status).toBe(200);
      const options = {
        body: `{"user_id": ${person.userId}, "dialog_id": ${created.body.dialog}, "text_user": "привет"}`,
        headers,
      };
      expect((await api.asWorker("POST /send/message/user", options)).status).toBe(200);
    });

    it("with JSON in pieces is read", async () => {
      const person = await api.signIn();
      const options = { body: '{"dialog_name": "in pieces"}', headers: { "Transfer-Encoding": "chunked" } };
      expect((await person.call("POST /dialogs/create", options)).status).toBe(200);
    });

    it("with white space around its JSON is read", async () => {
      const person = await api.signIn();
      expect((await person.call("POST /dialogs/create", { body: '\r\n\t {"dialog_name": "space"} \n' })).status).toBe(
        200,
      );
    });

    describe.for<Target>(["POST /dialogs", "POST /logout"])("to %s", (target) => {
      it.for<[string, RequestOptions]>([
        ["no body and no content type", {}],
        ["no body, with a content type", { headers: { "Content-Type": "application/json" } }],
        ["an empty object", { json: {} }],
        ["an object", { json: { anything: [1, { more: true }] } }],
        ["an object without a content type", { body: '{"dialog_id": 1}' }],
        ["a list", { json: [1, 2] }],
        ["null", { json: null }],
        ["what is no JSON", { body: "{not json", headers: { "Content-Type": "application/json" } }],
        ["bytes that are no text", { body: Buffer.from([0xff, 0x00, 0xfe]) }],
        ["a body in pieces", { body: "{}", headers: { "Transfer-Encoding": "chunked" } }],
      ])("needs nothing of its body: %s", async ([, options]) => {
        const person = await api.signIn();
        const expected = target === "POST /logout" ? { server: "ok" } : { server: "ok", dialogs: [] };
        expect(statusAndBody(await person.call(target, options))).toEqual([200, expected]);
      });
    });

    it("without a body lacks every field", async () => {
      const person = await api.signIn();
      for (const options of [{}, { body: "" }, { json: {} }]) {
        const reply = await person.call("POST /dialogs/rename", options);
        expect(issuePlaces(reply).toSorted()).toEqual(["body.dialog_id", "body.dialog_name"]);
      }
    });

    it.for([
      "{",
      '{"dialog_name": "abc"',
      "{'dialog_name': 'abc'}",
      "dialog_name=abc",
      '{"dialog_name": "abc",}',
      "\ufeffx",
    ])("with the faulty JSON %j is refused in either language", async (body) => {
      const person = await api.signIn();
      for (const language of languages) {
        const reply = await person.call("POST /dialogs/create", { body, headers: { "Accept-Language": language } });
        expectSentence(expectProblem(reply, 400).detail, language);
      }
    });

    it.for([(name: string) => name.toLowerCase(), (name: string) => name.toUpperCase(), (name: string) => name])(
      "may write its header names in any case, way %#",
      async (write) => {
        const person = await api.signIn();
        const rewrite = (headers: Record<string, string>) =>
          Object.fromEntries(Object.entries(headers).map(([name, value]) => [write(name), value]));
        const replies = [
          await api.call("GET /me", { headers: rewrite({ Cookie: person.cookie }) }),
          await api.call("GET /messages", { headers: rewrite({ "X-Messages-Key": testKeys.messages }) }),
          await api.call("GET /health", { headers: rewrite({ "X-Health-Key": testKeys.health }) }),
          await api.call("POST /dialogs/create", {
            body: '{"dialog_name": "any case"}',
            headers: rewrite({ Cookie: person.cookie, "Content-Type": "application/json" }),
          }),
        ];
        expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
        const refused = await api.call("GET /me", { headers: rewrite({ "Accept-Language": "ru" }) });
        expectRefusal(refused, { status: 401, language: "ru", words: russian.noCookie });
      },
    );

    it("may end its path with a slash", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      const { run_id: runId } = await startRun(person, dialogId);
      const targets: Target[] = [
        "GET /me",
        "POST /dialogs",
        `GET /dialogs/${dialogId}`,
        `GET /dialogs/flag/${dialogId}`,
        `GET /flag/${dialogId}`,
        `GET /runs/${runId}`,
        "GET /messages",
        "GET /health",
        "GET /openapi.json",
        "GET /docs",
      ];
      for (const target of targets) {
        const [plain, slashed] = [
          await api.request(target, { headers: credentialFor(target, person) }),
          await api.request(`${target}/`, { headers: credentialFor(target, person) }),
        ];
        expect([target, slashed.status, slashed.text]).toEqual([target, 200, plain.text]);
      }
      const created = await api.request("POST /dialogs/create/", {
        json: { dialog_name: "with a slash" },
        headers: { Cookie: person.cookie },
      });
      expect(statusAndBody(created)).toEqual([200, { server: "ok", dialog: expect.any(Number) }]);
      const replied = { user_id: person.userId, dialog_id: dialogId, text_user: "hello" };
      const key = { "X-Messages-Key": testKeys.messages };
      expect((await api.request("POST /send/message/user/", { json: replied, headers: key })).status).toBe(200);
      const headers = { Cookie: person.cookie };
      expect((await api.request("POST /logout/", { headers })).status).toBe(200);
      expectProblem(await api.request("GET /me/", { headers }), 401);
    });

    it("by HEAD gets what GET gets, without the body", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      const paths = [
        "/me",
        `/dialogs/${dialogId}`,
        `/dialogs/flag/${dialogId}`,
        `/flag/${dialogId}`,
        "/messages",
        "/health",
        "/openapi.json",
        "/docs",
        "/dialogs/2000000000",
        "/dialogs/abc",
      ];
      for (const path of paths) {
        const headers = credentialFor(`GET ${path}`, person);
        const [got, head] = [
          await api.request(`GET ${path}` as Target, { headers }),
          await api.request(`HEAD ${path}` as Target, { headers }),
        ];
        expect([path, head.status, head.text]).toEqual([path, got.status, ""]);
        expect(head.headers["content-type"]).toBe(got.headers["content-type"]);
      }
      expectNoBody(await api.request("HEAD /me"), 401);
      expectNoBody(await api.request("HEAD /no/such/path"), 404);
    });
  });

  describe("a wrong method", () => {
    const paths = [...new Set(documented.map(({ path }) => path))];

    it.for(paths)("on %s is 405 and names the right ones", async (path) => {
      const right = documented.filter((operation) => operation.path === path).map(({ method }) => method);
      const allowed = new Set([...right, ...(right.includes("GET") ? ["HEAD"] : [])]);
      const person = await api.signIn();
      const wrong = ["PUT", "PATCH", "DELETE", "POST", "HEAD"].filter((method) => !allowed.has(method));
      for (const method of wrong) {
        for (const headers of [{}, { Cookie: person.cookie }]) {
          const reply = await api.request(`${method} ${anyPath(path)}` as Target, { headers });
          expect([method, reply.status]).toEqual([method, 405]);
          expect(new Set(reply.headers.allow?.split(/,\s*/))).toEqual(allowed);
        }
      }
    });

    it("is told in the person's language", async () => {
      for (const language of languages) {
        const reply = await api.request("GET /dialogs", { headers: { "Accept-Language": language } });
        expectRefusal(reply, { status: 405, language });
        expectNoBody(await api.request("HEAD /logout", { headers: { "Accept-Language": language } }), 405);
      }
    });
  });
});
