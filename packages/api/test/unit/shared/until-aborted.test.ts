import { describe, expect, it } from "vitest";
import { untilAborted } from "../../../src/shared/until-aborted.ts";

const never = new Promise<never>(() => {});

describe("work that can be aborted", () => {
  it("resolves or rejects as it does", async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(untilAborted(Promise.reject(new Error("failed")), signal)).rejects.toThrow("failed");
  });

  it("ends with its signal even if it never ends", async () => {
    const stop = new AbortController();
    const ended = untilAborted(never, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(ended).rejects.toThrow("stopped");
    await expect(untilAborted(never, stop.signal)).rejects.toThrow("stopped");
  });
});
