import { describe, expect, it } from "vitest";
import { isSameTurn, turnsOf } from "../src/features/chat/messages/turns.ts";
import { message } from "./support/messages.ts";

describe("turns", () => {
  it("group each question with its answers", () => {
    const unasked = message(1, { role: "bot" });
    const question = message(2, { role: "user" });
    const part = message(3, { role: "bot", partial: true });
    const whole = message(4, { role: "bot" });
    const open = message(5, { role: "user" });
    expect(turnsOf([unasked, question, part, whole, open])).toEqual([
      { key: 101, question: null, answers: [unasked] },
      { key: 102, question, answers: [part, whole] },
      { key: 105, question: open, answers: [] },
    ]);
  });

  it("are equal if their messages are the same objects", () => {
    const [question, answer] = [message(1), message(2)];
    const [before] = turnsOf([question, answer]);
    const [after] = turnsOf([question, answer, message(3)]);
    expect(before !== undefined && after !== undefined && isSameTurn(before, after)).toBe(true);
    const [changed] = turnsOf([question, { ...answer }]);
    expect(before !== undefined && changed !== undefined && isSameTurn(before, changed)).toBe(false);
  });
});
