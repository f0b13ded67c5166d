import { setImmediate as nextTick } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createUserLanes } from "../../../src/shared/user-lanes.ts";

describe("the lanes of users", () => {
  test("let two things of a user run at once and the others wait in line, each user for themselves", async () => {
    const inLane = createUserLanes(2);
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const start = (userId: number, name: string): Promise<string> =>
      inLane(userId, async () => {
        begun.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        return name;
      });
    const all = [start(1, "a"), start(1, "b"), start(1, "c"), start(1, "d"), start(2, "e")];
    await nextTick();
    expect(begun).toEqual(["a", "b", "e"]);
    ends.get("b")?.();
    await nextTick();
    expect(begun).toEqual(["a", "b", "e", "c"]);
    for (const name of ["a", "c", "e"]) ends.get(name)?.();
    await nextTick();
    ends.get("d")?.();
    expect(await Promise.all(all)).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("move on when something fails", async () => {
    const inLane = createUserLanes(1);
    const failed = inLane(1, () => Promise.reject(new Error("failed")));
    const next = inLane(1, () => Promise.resolve("next"));
    await expect(failed).rejects.toThrow("failed");
    expect(await next).toBe("next");
  });
});
