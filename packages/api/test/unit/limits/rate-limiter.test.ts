import { describe, expect, it } from "vitest";
import { createRateLimiter } from "../../../src/limits/rate-limits.ts";

/** A limiter of three requests a minute, and the hand of its clock. */
function createScene(maxSubjects = 100) {
  const clock = { ms: 1_000 };
  const limiter = createRateLimiter({ quota: 3, windowMs: 60_000, maxSubjects, now: () => clock.ms });
  const outcomes = (subject: string, times: number): string[] =>
    Array.from({ length: times }, () => limiter.consume(subject).outcome);
  return { clock, limiter, outcomes };
}

describe("a rate limiter", () => {
  it("admits exactly the quota and refuses the rest of the window", () => {
    const { outcomes } = createScene();
    expect(outcomes("a", 6)).toEqual(["admitted", "admitted", "admitted", "refused_first", "refused", "refused"]);
  });

  it("counts each subject by itself", () => {
    const { outcomes } = createScene();
    expect(outcomes("a", 4).at(-1)).toBe("refused_first");
    expect(outcomes("b", 3).at(-1)).toBe("admitted");
  });

  it("says what is left, and when the window ends", () => {
    const { clock, limiter } = createScene();
    expect(limiter.consume("a")).toMatchObject({ remaining: 2, resetSeconds: 60 });
    clock.ms += 59_001;
    expect(limiter.consume("a")).toMatchObject({ remaining: 1, resetSeconds: 1 });
  });

  it("admits the whole quota again once the window has ended, and not before", () => {
    const { clock, outcomes } = createScene();
    outcomes("a", 9);
    clock.ms += 59_999;
    expect(outcomes("a", 1)).toEqual(["refused"]);
    clock.ms += 1;
    expect(outcomes("a", 4)).toEqual(["admitted", "admitted", "admitted", "refused_first"]);
  });

  it("remembers no more subjects than it may: the oldest window makes room", () => {
    const { clock, outcomes } = createScene(2);
    outcomes("a", 4);
    clock.ms += 1;
    outcomes("b", 4);
    outcomes("c", 4);
    expect(outcomes("b", 1)).toEqual(["refused"]);
    expect(outcomes("c", 1)).toEqual(["refused"]);
    expect(outcomes("a", 1)).toEqual(["admitted"]);
  });
});
