import { failureOf } from "@deepbot/client";
import { TRPCClientError } from "@trpc/client";
import { beforeAll, describe, expect, it } from "vitest";
import { createInstance, type i18n } from "i18next";
import { errorMessage } from "../src/api/error-message.ts";
import { en } from "../src/i18n/en.ts";
import { ru } from "../src/i18n/ru.ts";
import { outage, refusal } from "./support/errors.ts";

let instance: i18n;

beforeAll(async () => {
  instance = createInstance();
  await instance.init({ lng: "en", resources: { en: { translation: en }, ru: { translation: ru } } });
});

describe("a failed call is classified and explained", () => {
  it.each<{ name: string; error: unknown; kind: string; text: string }>([
    { name: "the server cannot be reached", error: outage(), kind: "unavailable", text: en.errors.unreachable },
    {
      name: "a proxy responds with a page",
      error: TRPCClientError.from(new SyntaxError("Unexpected token '<'")),
      kind: "unavailable",
      text: en.errors.unreachable,
    },
    {
      name: "the database is down",
      error: refusal("database_unavailable", 503),
      kind: "unavailable",
      text: en.errors.database_unavailable,
    },
    {
      name: "the session has ended",
      error: refusal("session_invalid", 401),
      kind: "signed_out",
      text: en.errors.session_invalid,
    },
    { name: "the server refuses", error: refusal("dialog_limit", 403), kind: "refused", text: en.errors.dialog_limit },
    {
      name: "a bug of the page",
      error: new TypeError("x is not a function"),
      kind: "broken",
      text: en.errors.internal,
    },
  ])("$name", ({ error, kind, text }) => {
    expect(failureOf(error).kind).toBe(kind);
    expect(errorMessage(error, instance.t)).toBe(text);
  });

  it("with the server's sentence, if the page has none for the code", () => {
    const error = refusal("invented_later", 409, "The moon is in the wrong place.");
    expect(errorMessage(error, instance.t)).toBe("The moon is in the wrong place.");
  });

  it("in the language of the page", () => {
    expect(errorMessage(refusal("dialog_limit", 403), instance.getFixedT("ru"))).toBe(ru.errors.dialog_limit);
  });
});
