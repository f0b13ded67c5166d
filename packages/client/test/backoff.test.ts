import { expect, test } from "vitest";
import { createBackoff } from "../src/backoff.ts";

test("pauses double up to the longest, and start over after a reset", () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 5_000 }, () => 0);
  const pauses = Array.from({ length: 8 }, () => backoff.nextMs());
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  backoff.reset();
  expect(backoff.nextMs()).toBe(100);
});

test("up to half of a pause is random", () => {
  expect(createBackoff({ minMs: 100, maxMs: 5_000 }, () => 0.5).nextMs()).toBe(75);
});

test("never exceeds the longest pause", () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 5_000 }, () => 0);
  for (let attempts = 0; attempts < 2_000; attempts += 1) backoff.nextMs();
  expect(backoff.nextMs()).toBe(5_000);
});
