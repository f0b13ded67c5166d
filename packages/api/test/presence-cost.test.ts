import { mainEngine } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { expect, it, onTestFinished } from "vitest";
import { createPlatform, serviceKey } from "./support/platform.ts";

/** How often two servers write who is there, in twelve seconds in which so many workers wait. */
async function countWrites(workers: number): Promise<number> {
  const platform = await createPlatform(mainEngine());
  const other = await createPlatform(mainEngine(), {}, { shared: platform.database });
  const leaving = new AbortController();
  onTestFinished(async () => {
    leaving.abort();
    await other.close();
    await platform.close();
  });
  const poll = (name: string) => {
    const { worker } = platform.as({ serviceKey, signal: leaving.signal });
    return worker.claim({ worker: name, wait_ms: 25_000 });
  };
  for (let begun = 0; begun < workers;) {
    for (let n = 0; n < 10; n += 1, begun += 1) void poll(`w ${begun}`);
    await until("they wait", () => platform.useCases.operations.countWaitingWorkers() >= begun);
  }
  await until("all are known", async () => (await platform.useCases.presence.list()).length >= workers);
  platform.statementLog.length = 0;
  // Both servers reap once a second.
  const reaped = () => platform.statementLog.filter((name) => name === "reap_runs").length;
  await until("time passes", () => reaped() >= 24, 30_000);
  return platform.statementLog.filter((name) => name === "write_workers").length;
}

it("presence costs no more statements for a thousand workers than for ten", async () => {
  const [few, many] = await Promise.all([countWrites(10), countWrites(1_000)]);
  expect(few).toBeGreaterThan(0);
  // A statement for each worker would be hundreds.
  expect(many).toBeLessThanOrEqual(3 * few + 3);
}, 60_000);
