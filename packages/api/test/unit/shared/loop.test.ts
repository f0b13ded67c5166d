import { expect, it } from "vitest";
import type { AppEvent } from "../../../src/events/events.ts";
import { startLoop } from "../../../src/shared/loop.ts";

const failures: { name: string; error: unknown; reason: string }[] = [
  {
    name: "the SQLSTATE of a statement",
    error: new Error("Failed query", { cause: Object.assign(new Error("x"), { code: "55P03" }) }),
    reason: "55P03",
  },
  {
    name: "the code of a connection",
    error: Object.assign(new AggregateError([], "x"), { code: "ECONNREFUSED" }),
    reason: "ECONNREFUSED",
  },
  { name: "the class of any other error", error: new TypeError("x"), reason: "TypeError" },
  { name: "no more than that of what is no error", error: "x", reason: "unknown" },
];

it.each(failures)("a failed loop tells $name and goes on", async ({ error, reason }) => {
  const told: AppEvent[] = [];
  let rounds = 0;
  const { promise: again, resolve } = Promise.withResolvers<void>();
  const job = async (): Promise<void> => {
    rounds += 1;
    if (rounds === 1) throw error;
    resolve();
  };
  const stop = startLoop(job, { name: "reap", intervalMs: 1, events: { emit: (event) => void told.push(event) } });
  await again;
  await stop();
  expect(told).toEqual([{ kind: "loop_failed", loop: "reap", reason }]);
});
