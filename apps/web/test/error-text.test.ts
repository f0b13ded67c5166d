import type { ErrorCode } from "@deepbot/api";
import { TRPCClientError } from "@trpc/client";
import { beforeAll, describe, expect, it } from "vitest";
import { createInstance, type i18n } from "i18next";
import { errorText } from "../src/api/error-text.ts";
import { failureOf } from "../src/api/failure.ts";
import { en } from "../src/i18n/en.ts";
import { ru } from "../src/i18n/ru.ts";
import { outage, refusal } from "./support/refusals.ts";

let instance: i18n;

beforeAll(async () => {
  instance = createInstance();
  await instance.init({ lng: "en", resources: { en: { translation: en }, ru: { translation: ru } } });
});

describe("a failed call", () => {
  it.each<{ name: string; error: unknown; kind: string; text: string }>([
    { name: "that reached nobody", error: outage(), kind: "away", text: en.errors.unreachable },
    {
      name: "that a proxy answered",
      error: TRPCClientError.from(new SyntaxError("Unexpected token '<'")),
      kind: "away",
      text: en.errors.unreachable,
    },
    {
      name: "while the database is away",
      error: refusal("database_unavailable", 503),
      kind: "away",
      text: en.errors.database_unavailable,
    },
    {
      name: "after the session",
      error: refusal("session_invalid", 401),
      kind: "signed_out",
      text: en.errors.session_invalid,
    },
    { name: "that was refused", error: refusal("dialog_limit", 403), kind: "refused", text: en.errors.dialog_limit },
    {
      name: "of our own making",
      error: new TypeError("x is not a function"),
      kind: "broken",
      text: en.errors.internal,
    },
  ])("$name", ({ error, kind, text }) => {
    expect(failureOf(error).kind).toBe(kind);
    expect(errorText(error, instance.t)).toBe(text);
  });

  it("with a code from a newer platform is told in the platform's words", () => {
    const error = refusal("invented_later" as ErrorCode, 409, "The moon is in the wrong place.");
    expect(errorText(error, instance.t)).toBe("The moon is in the wrong place.");
  });

  it("is told in the language of the page", () => {
    expect(errorText(refusal("dialog_limit", 403), instance.getFixedT("ru"))).toBe(ru.errors.dialog_limit);
  });
});
