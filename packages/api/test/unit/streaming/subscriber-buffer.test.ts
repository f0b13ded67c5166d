import { describe, expect, it } from "vitest";
import type { RunNews } from "../../../src/streaming/run-feed.ts";
import { createSubscriberBuffer } from "../../../src/streaming/subscriber-buffer.ts";

const delta = (seq: number, text: string): RunNews => ({
  kind: "deltas",
  epoch: 1,
  deltas: [{ id: `1-${seq}`, seq, event: { type: "delta", seq, text } }],
});

describe("a subscriber buffer", () => {
  it("returns the news in order", () => {
    const buffer = createSubscriberBuffer();
    [1, 2, 3].forEach((seq) => buffer.put(delta(seq, "x")));
    expect([buffer.take(), buffer.take(), buffer.take(), buffer.take()]).toEqual([
      delta(1, "x"),
      delta(2, "x"),
      delta(3, "x"),
      undefined,
    ]);
  });

  it("counts only what still waits: a reader that keeps up never overflows it", () => {
    const buffer = createSubscriberBuffer();
    for (let seq = 1; seq <= 100; seq += 1) {
      buffer.put(delta(seq, "x".repeat(1_000)));
      expect(buffer.take()).not.toBe("overflow");
    }
  });

  it.each([
    ["too many characters", Array.from({ length: 33 }, () => "x".repeat(1_000))],
    ["too many deltas", Array.from({ length: 257 }, () => "x")],
  ])("drops everything after %s, says so once, and goes on", (_, texts) => {
    const buffer = createSubscriberBuffer();
    texts.forEach((text, index) => buffer.put(delta(index + 1, text)));
    expect([buffer.take(), buffer.take()]).toEqual(["overflow", undefined]);
    buffer.put(delta(999, "after"));
    expect(buffer.take()).toEqual(delta(999, "after"));
  });

  it("wakes its reader for news and for its end", async () => {
    const buffer = createSubscriberBuffer();
    const news = buffer.wait();
    buffer.put(delta(1, "x"));
    await news;
    buffer.take();
    const end = buffer.wait();
    buffer.close();
    await end;
    expect(buffer.isClosed()).toBe(true);
  });
});
