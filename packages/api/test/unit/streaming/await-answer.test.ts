import { createMemoryNotifier } from "@deepbot/live";
import { describe, expect, it } from "vitest";
import { createAnswerWaits } from "../../../src/streaming/await-answer.ts";

function setUp() {
  const asked: number[][] = [];
  const answers = createAnswerWaits({
    notifier: createMemoryNotifier(),
    statements: {
      listClosedRuns: async (runIds) => {
        asked.push([...runIds]);
        return [];
      },
    },
    shutdown: new AbortController().signal,
  });
  return { answers, asked };
}

describe("waiting for answers", () => {
  it("asks about the runs of all waiters at once, and no longer about those of waiters that have left", async () => {
    const { answers, asked } = setUp();
    const waits = [answers.open(1), answers.open(1), answers.open(2)];
    waits.forEach((wait, index) => wait.follow([7, 7, 8][index] ?? 0));
    await answers.poll();
    waits[0]?.close();
    waits[2]?.close();
    await answers.poll();
    waits[1]?.close();
    await answers.poll();
    expect(asked).toEqual([[7, 8], [7]]);
  });

  it("delivers an answer to everybody who follows its run, and to nobody else", () => {
    const { answers } = setUp();
    const [one, two, other] = [answers.open(1), answers.open(1), answers.open(1)];
    one.follow(7);
    two.follow(7);
    other.follow(8);
    answers.deliverLocally(7, "yes");
    expect([one, two, other].map((wait) => wait.answer())).toEqual(["yes", "yes", undefined]);
  });
});
