import { expect, test } from "vitest";
import type { Readiness } from "../../src/notifier.ts";
import { createWorkOffers } from "../../src/work-offers.ts";

function readiness(assistantIds: number[] | "all"): Readiness {
  return assistantIds === "all"
    ? { all: true, assistantIds: new Set() }
    : { all: false, assistantIds: new Set(assistantIds) };
}

function start() {
  const sent: string[] = [];
  const offers = createWorkOffers({ origin: "me", send: (offer) => sent.push(offer) });
  const taker = { isReady: false, taken: 0 };
  offers.setTaker({ readiness: () => readiness(taker.isReady ? [1] : []), take: () => (taker.taken += 1) });
  const hear = (origin: string, assistantIds: number[] | "all"): void =>
    offers.heard({ origin, readiness: readiness(assistantIds), entries: new Map() });
  return { offers, sent, taker, hear };
}

test("work stays in the process while that is ready", () => {
  const { offers, sent, taker, hear } = start();
  hear("one", "all");
  taker.isReady = true;
  offers.offer(1);
  expect(taker.taken).toBe(1);
  expect(sent).toEqual([]);
});

test("work goes to the processes that said that they are ready, one after the other", () => {
  const { offers, sent, taker, hear } = start();
  for (const origin of ["one", "two", "three"]) hear(origin, "all");
  hear("two", []);
  for (let n = 0; n < 3; n += 1) offers.offer(1);
  expect(sent).toEqual(["queue@one", "queue@three", "queue@one"]);
  expect(taker.taken).toBe(0);
});

test("work goes to all, this process included, while none is known to be ready", () => {
  const { offers, sent, taker } = start();
  offers.offer(1);
  expect(sent).toEqual(["queue"]);
  expect(taker.taken).toBe(1);
});

test("work of an assistant goes to the processes that are ready for it, and only work of the default one has no number", () => {
  const { offers, sent, taker, hear } = start();
  hear("one", [7]);
  hear("two", [1, 8]);
  hear("three", "all");
  for (const assistantId of [7, 8, 7, 1, 9]) offers.offer(assistantId);
  expect(sent).toEqual(["queue:7@one", "queue:8@two", "queue:7@three", "queue@two", "queue:9@three"]);
  hear("three", []);
  offers.offer(9);
  expect(sent.at(-1)).toBe("queue:9");
  expect(taker.taken).toBe(1);
});

test("an offer of an assistant's work is passed on by a process that is ready for others only", () => {
  const { offers, sent, taker } = start();
  taker.isReady = true;
  expect(offers.accept("queue:7@me")).toBe(true);
  expect(sent).toEqual(["queue:7"]);
});

test("an offer that comes when this process is no longer ready is passed on to all", () => {
  const { offers, sent, taker } = start();
  expect(offers.accept("queue@me")).toBe(true);
  expect(sent).toEqual(["queue"]);
  taker.isReady = true;
  expect(offers.accept("queue@me")).toBe(true);
  expect(sent).toEqual(["queue"]);
  expect(taker.taken).toBe(2);
});

test("an offer to another process is not taken, and one to all is", () => {
  const { offers, sent, taker } = start();
  expect(offers.accept("queue@other")).toBe(true);
  expect(taker.taken).toBe(0);
  expect(offers.accept("queue")).toBe(true);
  expect(taker.taken).toBe(1);
  expect(offers.accept("run:1")).toBe(false);
  expect(sent).toEqual([]);
});

test("a process that closes takes nothing more", () => {
  const { offers, taker } = start();
  taker.isReady = true;
  offers.close();
  offers.accept("queue");
  expect(offers.readiness()).toEqual(readiness([]));
  expect(taker.taken).toBe(0);
});
