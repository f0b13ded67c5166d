import { describe, expect, it } from "vitest";
import { createEvents, type AppEvent } from "../../../src/events/events.ts";
import { createRateLimits } from "../../../src/limits/rate-limits.ts";
import { ratePolicies } from "../../../src/limits/rate-policies.ts";
import { appRouter } from "../../../src/router.ts";
import { defaultSettings } from "../../../src/settings.ts";
import type { Access, Meta } from "../../../src/trpc.ts";

interface Definition {
  type: "query" | "mutation" | "subscription";
  meta?: Meta;
}

const procedures = Object.entries(appRouter._def.procedures).map(([name, procedure]) => {
  const { type, meta = {} } = (procedure as unknown as { _def: Definition })._def;
  return { name, type, ...meta };
});

describe("the quota of a procedure", () => {
  it.each(procedures)("$name is counted by what its caller proves", ({ access, rateLimit = "public" }) => {
    const expected: Record<Access, string> = {
      public: "address",
      person: "person",
      worker: "key",
      operator: "key",
      admin: "person",
    };
    expect(ratePolicies[rateLimit].by).toBe(expected[access ?? "public"]);
  });

  it("is not that of reads for anything that writes", () => {
    const writes = procedures.filter(({ type, rateLimit }) => type === "mutation" && rateLimit === "read");
    expect(writes.map(({ name }) => name)).toEqual([]);
  });
});

describe("the quotas of one server", () => {
  const grantedWith = (quota: number, servers: number): number => {
    const rateLimits = { ...defaultSettings.rateLimits, send: quota };
    const limits = createRateLimits({ settings: { rateLimits, servers }, events: createEvents(() => {}) });
    let granted = 0;
    try {
      for (; granted < 1_000; granted += 1) limits.count({ policy: "send", subject: 1, report: () => {} });
    } catch {
      // The quota is used up.
    }
    return granted;
  };

  it.each([
    { quota: 30, servers: 1, granted: 30 },
    { quota: 30, servers: 3, granted: 10 },
    { quota: 10, servers: 3, granted: 3 },
    { quota: 2, servers: 3, granted: 1 },
  ])("$servers servers grant $granted of $quota each", ({ quota, servers, granted }) => {
    expect(grantedWith(quota, servers)).toBe(granted);
  });

  it("each refusal is an event, and the first of a window says so", () => {
    const emitted: AppEvent[] = [];
    const events = createEvents(() => {});
    events.subscribe((event) => void emitted.push(event));
    const rateLimits = { ...defaultSettings.rateLimits, send: 1 };
    const { count } = createRateLimits({ settings: { rateLimits, servers: 1 }, events });
    const send = (): void => count({ policy: "send", subject: 7, report: () => {} });
    send();
    for (let times = 0; times < 3; times += 1) expect(send).toThrow("too_many_requests");
    const event = { kind: "rate_limited", policy: "send", by: "person", subject: 7 };
    expect(emitted).toEqual([true, false, false].map((first) => ({ ...event, first })));
  });
});
