import { describeEachEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createPlatform, serviceKey, type Platform } from "./support/platform.ts";

/** Without fallback polls: whatever a worker gets, it was woken for or found when it claimed. */
describeEachEngine("a fallback worker", (engine) => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(engine);
  });
  afterAll(() => platform.close());
  afterEach(async () => {
    await platform.database.db.execute(sql`delete from dialogs`);
  });

  /** Claims until it is aborted, and remembers what it got. */
  const startWorker = (fallback: boolean) => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const { worker } = platform.as({ serviceKey, signal });
    const claimed: number[] = [];
    const done = (async () => {
      while (!signal.aborted) {
        const { runs } = await worker.claim({ worker: fallback ? "bridge" : "own", wait_ms: 25_000, fallback });
        for (const { run_id, lease_token } of runs) {
          claimed.push(run_id);
          await worker.complete({ run_id, lease_token, text: "yes" });
        }
      }
    })();
    return { claimed, leave: () => leaving.abort(), done };
  };
  const ask = async () => {
    const ann = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    return (await ann.runs.start({ dialog_id: dialog, text_user: "question" })).run_id;
  };
  const untilWaiting = async (workers: number) => {
    await until("the workers wait", () => platform.useCases.operations.countWaitingWorkers() >= workers);
  };

  it("gets the questions when it is the only worker", async () => {
    const bridge = startWorker(true);
    const run_id = await ask();
    await until("it has the run", () => bridge.claimed.length > 0);
    expect(bridge.claimed).toEqual([run_id]);
    bridge.leave();
    await bridge.done;
  });

  it("gets a question that was asked before it came", async () => {
    const run_id = await ask();
    const { runs } = await platform.worker.worker.claim({ worker: "w", wait_ms: 25_000, fallback: true });
    expect(runs.map((run) => run.run_id)).toEqual([run_id]);
  });

  it("gets no question while another worker waits, and the next one when that has left", async () => {
    const bridge = startWorker(true);
    const own = startWorker(false);
    await untilWaiting(2);
    const asked: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      asked.push(await ask());
      await until("the worker has the run", () => own.claimed.length === asked.length);
    }
    expect(own.claimed).toEqual(asked);
    expect(bridge.claimed).toEqual([]);
    own.leave();
    await own.done;
    const next = await ask();
    await until("the fallback has the run", () => bridge.claimed.includes(next));
    bridge.leave();
    await bridge.done;
  });
});
