import { describe, expect, it } from "vitest";
import { applyEvent, type LiveRun, type RunEvent } from "../src/features/chat/model/live-run.ts";

type Piece = Exclude<RunEvent, { type: "end" }>;

const snapshot = (seq: number, text: string): Piece => ({ type: "snapshot", state: "running", attempt: 1, seq, text });
const delta = (seq: number, text: string): Piece => ({ type: "delta", seq, text });
const reset = (attempt: number): Piece => ({ type: "reset", attempt });

function follow(...events: Piece[]): LiveRun | null {
  return events.reduce<LiveRun | null>(applyEvent, null);
}

describe("an answer in the making", () => {
  it("grows by its pieces", () => {
    expect(follow(snapshot(0, ""), delta(1, "Hel"), delta(2, "lo"))).toMatchObject({ text: "Hello", seq: 2 });
  });

  it("has no piece twice when a watch comes back", () => {
    const live = follow(snapshot(2, "Hello"), delta(1, "Hel"), delta(2, "lo"), delta(3, "!"), delta(3, "!"));
    expect(live).toMatchObject({ text: "Hello!", seq: 3, isTorn: false });
  });

  it("is what a fresh snapshot says", () => {
    expect(follow(snapshot(2, "Hello"), snapshot(5, "Hello, Ann"))).toMatchObject({ text: "Hello, Ann", seq: 5 });
  });

  it("begins anew with another worker", () => {
    const live = follow(snapshot(2, "Hello"), reset(2), delta(1, "Good day"));
    expect(live).toMatchObject({ text: "Good day", attempt: 2, seq: 1 });
  });

  it("is torn by a gap, takes nothing more, and is mended by a snapshot", () => {
    const torn = follow(snapshot(1, "Hel"), delta(3, "!"), delta(4, "?"));
    expect(torn).toMatchObject({ text: "Hel", isTorn: true });
    expect(applyEvent(torn, snapshot(4, "Hello!?"))).toMatchObject({ text: "Hello!?", isTorn: false });
  });

  it("is torn when pieces come before a snapshot", () => {
    expect(follow(delta(4, "lo"))).toMatchObject({ text: "", isTorn: true });
  });

  it("is waited for until a worker takes the question up", () => {
    const waiting: Piece = { type: "snapshot", state: "queued", attempt: 0, seq: 0, text: "" };
    expect(follow(waiting)?.state).toBe("queued");
    expect(follow(waiting, reset(1))?.state).toBe("running");
  });
});
