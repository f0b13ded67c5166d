import { expect, test } from "vitest";
import { createBackoff } from "../src/worker/backoff.ts";

test("pauses double up to the longest, and begin anew after a reset", () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 5_000 }, () => 0);
  const pauses = Array.from({ length: 8 }, () => backoff.nextMs());
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  backoff.reset();
  expect(backoff.nextMs()).toBe(100);
});

test("up to half of a pause is left to chance", () => {
  expect(createBackoff({ minMs: 100, maxMs: 5_000 }, () => 0.5).nextMs()).toBe(75);
});

test("stays at the longest pause however long it lasts", () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 5_000 }, () => 0);
  for (let tries = 0; tries < 2_000; tries += 1) backoff.nextMs();
  expect(backoff.nextMs()).toBe(5_000);
});
