import type { ClaimedRun, FailureReason } from "@deepbot/client/worker";
import { createLogger } from "@deepbot/runtime";
import { describe, expect, test } from "vitest";
import { AnswererError, failures, type FailureCode } from "../../src/answerers/answerer-error.ts";
import { createWorkerTexts } from "../../src/worker-texts.ts";
import { dialogOf } from "../support/dialog.ts";

const texts = createWorkerTexts(createLogger({ module: "test", production: true, level: "silent" }));

const runOf = (...messages: string[]): ClaimedRun => ({
  run_id: 7,
  dialog_id: 3,
  assistant: { slug: "deepbot", instructions: "" },
  user: "a",
  locale: "en",
  attempt: 1,
  max_attempts: 3,
  lease_token: "11111111-1111-4111-8111-111111111111",
  lease_until: "2026-01-01T00:00:30Z",
  deadline_at: "2026-01-01T00:05:00Z",
  messages: [...dialogOf(...messages)],
});

const inEnglish = runOf("Как дела?", "Хорошо.", "Tell me more");
const inRussian = runOf("Tell me more", "Well, …", "Как дела?");

describe("what the bridge says itself is in the language of the question", () => {
  test("under an answer that was cut", () => {
    expect(texts.truncationNote(inEnglish)).toBe("\n\n[The answer was too long and has been cut here.]");
    expect(texts.truncationNote(inRussian)).toBe("\n\n[Ответ слишком длинный и обрывается здесь.]");
  });

  const reasons: [FailureCode, FailureReason][] = [
    ["dialog_too_long", { kind: "error", error: new AnswererError("dialog_too_long", "status 400") }],
    ["bridge_error", { kind: "error", error: new RangeError("oops") }],
    ["empty_answer", { kind: "empty" }],
    ["cancelled", { kind: "cancelled" }],
  ];
  test.each(reasons)("about %s", (code, reason) => {
    const { retry, texts: sentences } = failures[code];
    expect(texts.describeFailure(reason, inEnglish)).toMatchObject({ code, retry, message: sentences.en });
    expect(texts.describeFailure(reason, inRussian)).toMatchObject({ code, retry, message: sentences.ru });
  });
});
