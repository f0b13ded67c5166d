import { testKeys } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { documented, type DocumentedOperation } from "../support/document.ts";
import type { Reply, RequestOptions, Target } from "../support/http.ts";
import { expectProblem, expectRefusal, expectSentence, languages, russian } from "../support/problem.ts";

const guardedBy = (scheme: string): DocumentedOperation[] =>
  documented.filter(({ security }) => security.some((names) => scheme in names));
const targetOf = ({ method, path }: DocumentedOperation, id = "1"): Target =>
  `${method} ${path.replaceAll(/\{\w+\}/g, id)}` as Target;

/** The original operations say `Forbidden`; the new ones say what is wrong with the key, and how to send one. */
function expectKeyRefusal(
  reply: Reply,
  { operation, isAbsent }: { operation: DocumentedOperation; isAbsent: boolean },
): void {
  if (!operation.path.startsWith("/worker/")) {
    expect(expectProblem(reply, 403).detail).toBe("Forbidden");
    return;
  }
  const { code, detail } = expectProblem(reply, 401);
  expect(code).toBe(isAbsent ? "key_missing" : "key_invalid");
  expect(detail).toContain("X-Messages-Key");
  expect(reply.headers["www-authenticate"]).toBe("Bearer");
}

/** Problems of a request that must not be reported before its caller is known. */
const faulty: RequestOptions[] = [
  {},
  { json: { color: "red" } },
  { json: [] },
  { body: "{" },
  { body: '{"a": "\\u0000"}' },
];

describe("a refusal", () => {
  const api = useApi();
  const isRussian = async (language: string | undefined) => {
    const headers: Record<string, string> = language === undefined ? {} : { "Accept-Language": language };
    return expectProblem(await api.call("GET /me", { headers }), 401).detail === russian.noCookie;
  };

  describe("who may not call", () => {
    it.for(guardedBy("cookie"))("is refused before the input is checked: $method $path", async (operation) => {
      const target = targetOf(operation, "abc");
      const options = operation.method === "GET" ? [{}] : faulty;
      for (const option of options) {
        for (const language of languages) {
          const anonymous = { "Accept-Language": language };
          const stale = { ...anonymous, Cookie: "access_token=garbage" };
          const without = await api.call(target, { ...option, headers: anonymous });
          const bad = await api.call(target, { ...option, headers: stale });
          expectRefusal(without, { status: 401, language, words: russian.noCookie });
          expectRefusal(bad, { status: 401, language, words: russian.badToken });
        }
      }
    });

    it.for([...guardedBy("serviceKey"), ...guardedBy("healthKey")])(
      "without a good key is refused before the input is checked: $method $path",
      async (operation) => {
        const person = await api.signIn();
        const target = targetOf(operation, "abc");
        const own = operation.security.some((names) => "healthKey" in names) ? "X-Health-Key" : "X-Messages-Key";
        const rightKey = own === "X-Health-Key" ? testKeys.health : testKeys.messages;
        const keys = [
          "",
          "wrong",
          rightKey.slice(1),
          `${rightKey}x`,
          rightKey.toUpperCase(),
          own === "X-Health-Key" ? testKeys.messages : testKeys.health,
        ];
        const attempts: Record<string, string>[] = [
          {},
          { Cookie: person.cookie },
          { Authorization: `Bearer ${rightKey}x` },
          ...keys.map((key) => ({ [own]: key })),
        ];
        for (const headers of attempts) {
          for (const option of operation.method === "GET" ? [{}] : faulty) {
            for (const language of languages) {
              const reply = await api.call(target, { ...option, headers: { ...headers, "Accept-Language": language } });
              expectKeyRefusal(reply, {
                operation,
                isAbsent: headers[own] === undefined && !("Authorization" in headers),
              });
            }
          }
        }
      },
    );

    it("learns nothing of which dialogs there are", async () => {
      const json = { user_id: 1, dialog_id: 1, text_user: "hello" };
      expectProblem(await api.call("POST /send/message/user", { json }), 403);
      expectProblem(await api.call("GET /dialogs/1"), 401);
    });

    it("with the service key is not signed in", async () => {
      expectProblem(await api.asWorker("GET /me"), 401);
      expectProblem(await api.asWorker("POST /dialogs"), 401);
    });
  });

  describe("the language of a refusal", () => {
    describe("is Russian", () => {
      it.for([
        "ru",
        "RU",
        "ru-RU",
        "ru, en",
        "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7",
        "de, ru;q=0.5",
        "de;q=1, en;q=0.3, ru;q=0.4",
        "en;q=0.8, ru;q=0.9",
        "en;q=0, ru;q=0.1",
        "en; q=0.5, ru; q=0.51",
      ])("for %s", async (language) => expect(await isRussian(language)).toBe(true));
    });

    describe("is English", () => {
      it.for([
        undefined,
        "",
        "en",
        "en-US",
        "en, ru",
        "en-US,en;q=0.9,ru;q=0.8",
        "de",
        "de, fr;q=0.5",
        "*",
        "ru;q=0.4, en;q=0.5",
        "ru;q=0",
        "ru;q=0, *",
        "rus",
        ";;;q=ru",
        "en;q=0.9, ru;q=0.1, de",
      ])("for %j", async (language) => expect(await isRussian(language)).toBe(false));
    });

    it("is that of the whole refusal, its issues included", async () => {
      const person = await api.signIn();
      for (const language of languages) {
        const refused = await person.call("POST /dialogs/create", {
          json: { dialog_name: "x" },
          headers: { "Accept-Language": language },
        });
        const { detail, errors = [] } = expectProblem(refused, 422);
        expect(errors).toHaveLength(1);
        for (const text of [detail, ...errors.map(({ msg }) => msg)]) expectSentence(text, language);
      }
    });

    it("is told where there is nothing to find", async () => {
      for (const language of languages) {
        const headers = { "Accept-Language": language };
        for (const target of ["GET /no/such/path", "POST /dialogs/1/2/3", "GET /dialogs/1/2"] as const) {
          expectRefusal(await api.request(target, { headers }), { status: 404, language });
        }
      }
    });
  });
});
