import { describe, expect, it } from "vitest";
import { createMemoryHints } from "../src/index.ts";

describe("hints", () => {
  it("reach every subscriber of their topic, and nobody else", () => {
    const hints = createMemoryHints();
    const heard: string[] = [];
    hints.subscribe("dialog:1", () => heard.push("a"));
    hints.subscribe("dialog:1", () => heard.push("b"));
    hints.subscribe("dialog:2", () => heard.push("c"));
    hints.publish("dialog:1");
    expect(heard).toEqual(["a", "b"]);
  });

  it("stop with the subscription, also when it ends while they are given out", () => {
    const hints = createMemoryHints();
    let heard = 0;
    const end = hints.subscribe("queue", () => {
      heard += 1;
      end();
    });
    hints.publish("queue");
    hints.publish("queue");
    expect(heard).toBe(1);
  });
});
