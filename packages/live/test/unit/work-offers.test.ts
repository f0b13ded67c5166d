import { expect, test } from "vitest";
import { createWorkOffers } from "../../src/work-offers.ts";

function start() {
  const sent: string[] = [];
  const offers = createWorkOffers({ origin: "me", send: (offer) => sent.push(offer) });
  const taker = { isReady: false, taken: 0 };
  offers.setTaker({ isReady: () => taker.isReady, take: () => (taker.taken += 1) });
  const hear = (origin: string, isReady: boolean): void => offers.heard({ origin, isReady, entries: new Map() });
  return { offers, sent, taker, hear };
}

test("work stays in the process while that is ready", () => {
  const { offers, sent, taker, hear } = start();
  hear("one", true);
  taker.isReady = true;
  offers.offer();
  expect(taker.taken).toBe(1);
  expect(sent).toEqual([]);
});

test("work goes to the processes that said that they are ready, one after the other", () => {
  const { offers, sent, taker, hear } = start();
  for (const origin of ["one", "two", "three"]) hear(origin, true);
  hear("two", false);
  for (let n = 0; n < 3; n += 1) offers.offer();
  expect(sent).toEqual(["queue@one", "queue@three", "queue@one"]);
  expect(taker.taken).toBe(0);
});

test("work goes to all, this process included, while none is known to be ready", () => {
  const { offers, sent, taker } = start();
  offers.offer();
  expect(sent).toEqual(["queue"]);
  expect(taker.taken).toBe(1);
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
  expect(offers.isReady()).toBe(false);
  expect(taker.taken).toBe(0);
});
