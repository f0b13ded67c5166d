import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createOwnSummary, joinServed, summarize } from "../../../src/presence/served.ts";

const coverage = (assistantIds: number[] | null, fallback = false) => ({ assistantIds, fallback });

test("a summary says who serves what, fallback workers apart", () => {
  const served = summarize([coverage([3, 1]), coverage([2], true), coverage([1])]);
  expect([1, 2, 3, 4].map((id) => served.serves(id))).toEqual([true, true, true, false]);
  expect([served.anybody, served.others]).toEqual([
    [1, 2, 3],
    [1, 3],
  ]);
  expect([coverage([1, 3]), coverage([1, 2], true)].map(served.includes)).toEqual([true, true]);
  expect([coverage([2]), coverage([4], true), coverage(null, true)].map(served.includes)).toEqual([
    false,
    false,
    false,
  ]);
});

test("one worker for all assistants serves every one", () => {
  const served = summarize([coverage(null, true), coverage([5])]);
  expect([served.serves(9), served.anybody, served.others]).toEqual([true, "all", [5]]);
  expect([coverage(null, true), coverage(null)].map(served.includes)).toEqual([true, false]);
});

test("two groups serve together what each of them serves", () => {
  expect(joinServed([1, 3], [2, 3])).toEqual([1, 2, 3]);
  expect(joinServed("all", [2])).toBe("all");
  expect(joinServed([], "all")).toBe("all");
});

beforeEach(() => vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => vi.useRealTimers());

test("ever so many questions look at the workers four times a second, and at once when one comes with news", () => {
  let looks = 0;
  const here = [coverage([1])];
  const summary = createOwnSummary(() => {
    looks += 1;
    return here;
  });
  for (let n = 0; n < 1_000; n += 1) summary.get();
  summary.came(coverage([1]));
  expect([summary.get().serves(2), looks]).toEqual([false, 1]);
  here.push(coverage([2]));
  summary.came(coverage([2]));
  expect([summary.get().serves(2), looks]).toEqual([true, 2]);
  here.length = 0;
  vi.advanceTimersByTime(251);
  expect([summary.get().serves(1), looks]).toEqual([false, 3]);
});
