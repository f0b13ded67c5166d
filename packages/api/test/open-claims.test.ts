import { mainEngine } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPlatform, serviceKey, type Platform } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await createPlatform(mainEngine(), { claimsPerKey: 120, claimsInAll: 121 });
});
afterAll(() => platform.close());

it("as many claims of a key may be open as the setting says, and the statistics name a hundred of their workers", async () => {
  const leaving = new AbortController();
  const { worker } = platform.as({ serviceKey, signal: leaving.signal });
  const open = Array.from({ length: 120 }, (_, n) => worker.claim({ worker: `w ${n}`, wait_ms: 25_000 }));
  const waiting = platform.useCases.operations.countWaitingWorkers;
  await until("they wait", () => waiting() === 120);
  expect(await refusalOf(platform.worker.worker.claim({ worker: "one more", wait_ms: 0 }))).toBe("too_many_claims");
  await until("all are known", async () => (await platform.useCases.presence.list()).length >= 120);
  expect((await platform.worker.worker.stats()).assistants[0]?.workers).toHaveLength(100);
  leaving.abort();
  await Promise.allSettled(open);
  expect(await platform.worker.worker.claim({ worker: "one more", wait_ms: 0 })).toEqual({ runs: [] });
});
