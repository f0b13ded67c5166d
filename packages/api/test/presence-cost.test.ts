import { mainEngine } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, serviceKey, type Platform } from "./support/platform.ts";

/** Two servers with one database. */
describe("presence", () => {
  let platform: Platform;
  let other: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine());
    other = await createPlatform(mainEngine(), {}, { shared: platform.database });
  });
  afterAll(async () => {
    await other.close();
    await platform.close();
  });

  const poll = (name: string) => {
    const leaving = new AbortController();
    const { worker } = platform.as({ serviceKey, signal: leaving.signal });
    return { leave: () => leaving.abort(), done: worker.claim({ worker: name, wait_ms: 25_000 }) };
  };

  it("costs no more statements for a thousand workers than for ten", async () => {
    const countWrites = async (workers: number): Promise<number> => {
      const polls: ReturnType<typeof poll>[] = [];
      while (polls.length < workers) {
        for (let n = 0; n < 10; n += 1) polls.push(poll(`w ${polls.length}`));
        await until("they wait", () => platform.useCases.operations.countWaitingWorkers() >= polls.length);
      }
      await until("all are known", async () => (await platform.useCases.presence.list()).length >= workers);
      platform.statementLog.length = 0;
      // Both servers reap once a second.
      const reaped = () => platform.statementLog.filter((name) => name === "reap_runs").length;
      await until("time passes", () => reaped() >= 24, 30_000);
      const writes = platform.statementLog.filter((name) => name === "write_workers").length;
      polls.forEach(({ leave }) => leave());
      await Promise.all(polls.map(({ done }) => done));
      await until("all have left", async () => (await platform.useCases.presence.list()).length === 0);
      return writes;
    };
    const few = await countWrites(10);
    const many = await countWrites(1_000);
    expect(few).toBeGreaterThan(0);
    // A statement for each worker would be hundreds.
    expect(many).toBeLessThanOrEqual(3 * few + 3);
  }, 60_000);
});
