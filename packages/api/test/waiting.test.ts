import { describeEachEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createPlatform, serviceKey, type Platform, type TestPerson } from "./support/platform.ts";

type Subscription = Awaited<ReturnType<TestPerson["runs"]["watch"]>>;
type RunEvent = Subscription extends AsyncIterable<{ data: infer Data }> ? Data : never;

describeEachEngine("a question that waits", (engine) => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(engine, { retryBackoffMs: 0 });
  });
  afterAll(() => platform.close());
  afterEach(async () => {
    await platform.database.db.execute(sql`delete from dialogs`);
    await platform.database.db.execute(sql`delete from workers`);
  });

  const ask = async () => {
    const ann = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    return { ann, run_id: (await ann.runs.start({ dialog_id: dialog, text_user: "question" })).run_id };
  };
  const watch = async (
    { ann, run_id }: Awaited<ReturnType<typeof ask>>,
    input: { waiting?: boolean } = { waiting: true },
  ) => {
    const items: { id: string; event: RunEvent }[] = [];
    const subscription = await ann.runs.watch({ run_id, ...input });
    const done = (async () => {
      for await (const item of subscription) {
        const [id, event] = item as unknown as readonly [string, RunEvent];
        items.push({ id, event });
      }
    })();
    const last = () => items.findLast(({ event }) => event.type === "waiting");
    return { items, done, last };
  };
  const claim = async () => {
    const { runs } = await platform.worker.worker.claim({ worker: "w", wait_ms: 0 });
    return { run_id: runs[0]?.run_id ?? 0, lease_token: runs[0]?.lease_token ?? "" };
  };

  it("says at once that no worker is there, and its place, and again when the place changes", async () => {
    const first = await ask();
    const second = await ask();
    const watcher = await watch(second);
    await until("it knows its place", () => watcher.last() !== undefined);
    expect(watcher.last()).toEqual({ id: "0-0", event: { type: "waiting", online: false, position: 2 } });
    await first.ann.runs.cancel({ run_id: first.run_id });
    await until("it has moved up", () => watcher.items.length === 3);
    expect(watcher.last()).toEqual({ id: "0-0", event: { type: "waiting", online: false, position: 1 } });
    const late = await watch(second);
    await until("who comes later is told the same", () => late.last() !== undefined);
    expect(late.last()).toEqual(watcher.last());
    await second.ann.runs.cancel({ run_id: second.run_id });
    await Promise.all([watcher.done, late.done]);
    expect(watcher.items.map(({ event }) => event.type)).toEqual(["snapshot", "waiting", "waiting", "end"]);
  });

  it("says when a worker comes that is busy with others, and is silent once it is answered", async () => {
    const asked = await ask();
    const watcher = await watch(asked);
    await until("nobody is there", () => watcher.last()?.event.type === "waiting");
    await platform.statements.writeWorkers({
      present: [{ keyId: "environment", name: "elsewhere", assistantIds: [1], capacity: 1, fallback: false }],
      reportedRunIds: [],
      left: [],
    });
    await until("it is online", () => {
      const event = watcher.last()?.event;
      return event?.type === "waiting" && event.online;
    });
    await platform.worker.worker.complete({ ...(await claim()), text: "done" });
    await watcher.done;
    expect(watcher.items.map(({ event }) => event.type)).toEqual(["snapshot", "waiting", "waiting", "reset", "end"]);
  });

  it("waits again after a failed attempt", async () => {
    const asked = await ask();
    const lease = await claim();
    const watcher = await watch(asked);
    await until("it runs", () => watcher.items.length === 1);
    await platform.worker.worker.fail({ ...lease, code: "x", message: "x", retry: true });
    await until("it waits", () => watcher.last() !== undefined);
    expect(watcher.last()).toMatchObject({ id: "1-0", event: { position: 1 } });
    await asked.ann.runs.cancel({ run_id: asked.run_id });
    await watcher.done;
  });

  it("is not told to clients that do not know of it", async () => {
    const asked = await ask();
    const [old, other] = [await watch(asked, {}), await watch(asked)];
    await until("the other is told", () => other.last() !== undefined);
    await platform.worker.worker.complete({ ...(await claim()), text: "done" });
    await old.done;
    expect(old.items.map(({ event }) => event.type)).toEqual(["snapshot", "reset", "end"]);
    await other.done;
  });

  it("costs one statement now and then, however many watch", async () => {
    const asked = await ask();
    const watchers = await Promise.all(Array.from({ length: 10 }, () => watch(asked)));
    await until("all know", () => watchers.every(({ last }) => last() !== undefined));
    platform.statementLog.length = 0;
    await until("time passes", () => platform.statementLog.filter((name) => name === "reap_runs").length >= 4);
    const reads = platform.statementLog.filter((name) => name === "list_queue_positions").length;
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThanOrEqual(3);
    await asked.ann.runs.cancel({ run_id: asked.run_id });
    await Promise.all(watchers.map(({ done }) => done));
  });

  it("costs nothing when it is claimed at once", async () => {
    const leaving = new AbortController();
    const waiting = platform.as({ serviceKey, signal: leaving.signal }).worker.claim({ worker: "w", wait_ms: 25_000 });
    platform.statementLog.length = 0;
    const asked = await ask();
    const watcher = await watch(asked);
    const [run] = (await waiting).runs;
    await platform.worker.worker.complete({ run_id: asked.run_id, lease_token: run?.lease_token ?? "", text: "done" });
    await watcher.done;
    expect(platform.statementLog).not.toContain("list_queue_positions");
  });
});
