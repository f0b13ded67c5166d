import { mainEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, serviceKey, type Platform } from "./support/platform.ts";

/** Five seconds are promised. A machine that runs other tests too gets twice the time. */
const busyMs = 10_000;

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
  const leavers: AbortController[] = [];
  afterEach(async () => {
    leavers.forEach((leaver) => leaver.abort());
    leavers.length = 0;
    await platform.database.db.execute(sql`delete from dialogs`);
    await until("all have left", async () => (await platform.useCases.presence.list()).length === 0);
  });

  const poll = (server: Platform, options: { worker?: string; fallback?: boolean; capacity?: number } = {}) => {
    const leaving = new AbortController();
    leavers.push(leaving);
    const { worker } = server.as({ serviceKey, signal: leaving.signal });
    const done = worker.claim({ worker: "w", wait_ms: 25_000, ...options });
    return { leave: () => leaving.abort(), done };
  };
  const isOnline = (server: Platform) => server.useCases.presence.isOnline(1);
  const ask = async () => {
    const ann = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    return { ann, run_id: (await ann.runs.start({ dialog_id: dialog, text_user: "question" })).run_id };
  };

  it("shows a worker that polls at any server, at once at its own", async () => {
    expect(await isOnline(platform)).toBe(false);
    platform.statementLog.length = 0;
    poll(platform, { capacity: 3 });
    await until("it polls", () => isOnline(platform));
    expect(platform.statementLog).not.toContain("write_workers");
    await until("the other server knows", () => isOnline(other));
    expect(await platform.worker.worker.stats()).toEqual({
      assistants: [
        {
          assistant: "deepbot",
          online: true,
          queued: 0,
          oldest_wait_ms: null,
          running: 0,
          workers: [{ name: "w", seen_at: expect.any(String), running: 0, capacity: 3 }],
        },
      ],
    });
  });

  it("ends within five seconds after the last worker has left", async () => {
    const polled = poll(platform);
    await until("the other server knows", () => isOnline(other));
    polled.leave();
    const leftAt = performance.now();
    await until("both have noticed", async () => !(await isOnline(platform)) && !(await isOnline(other)));
    expect(performance.now() - leftAt).toBeLessThan(busyMs);
  });

  it("ends when a worker was not seen for long, because it or its server was killed", async () => {
    await platform.database.db.execute(sql`
      insert into workers (key_id, name, seen_at) values ('environment', 'killed', now() - interval '22 seconds')`);
    await until("it still counts", () => isOnline(platform));
    await until("it has vanished", async () => !(await isOnline(platform)));
    expect(await platform.useCases.presence.list()).toMatchObject([{ name: "killed" }]);
    await platform.database.db.execute(sql`delete from workers`);
  });

  it("lasts while a worker holds a run and reports, at whatever server", async () => {
    await ask();
    const { runs } = await platform.worker.worker.claim({ worker: "busy", wait_ms: 0 });
    const lease = { run_id: runs[0]?.run_id ?? 0, lease_token: runs[0]?.lease_token ?? "" };
    await until("the other server knows", () => isOnline(other));
    const seen = async () => (await platform.useCases.presence.list())[0]?.seenAt.getTime() ?? 0;
    const before = await seen();
    await until("the report counts", async () => {
      await other.worker.worker.heartbeat(lease);
      return (await seen()) > before;
    });
    expect(await platform.worker.worker.stats()).toMatchObject({
      assistants: [{ running: 1, workers: [{ name: "busy", running: 1 }] }],
    });
    await other.worker.worker.complete({ ...lease, text: "done" });
    const endedAt = performance.now();
    await until("it has left", async () => !(await isOnline(platform)) && !(await isOnline(other)));
    expect(performance.now() - endedAt).toBeLessThan(busyMs);
  });

  it("stays while a worker polls one server after the other", async () => {
    for (const server of [platform, other, platform, other, platform]) {
      await server.worker.worker.claim({ worker: "w", wait_ms: 700 });
      expect([await isOnline(platform), await isOnline(other)]).toEqual([true, true]);
    }
  });

  it("stays while a worker reports to one server and polls another", async () => {
    await ask();
    const { runs } = await platform.worker.worker.claim({ worker: "w", wait_ms: 0 });
    const lease = { run_id: runs[0]?.run_id ?? 0, lease_token: runs[0]?.lease_token ?? "" };
    await until("the other server knows", () => isOnline(other));
    await other.worker.worker.complete({ ...lease, text: "done" });
    poll(platform);
    const end = performance.now() + 5_000;
    while (performance.now() < end) expect([await isOnline(platform), await isOnline(other)]).toEqual([true, true]);
  });

  it("counts a reader of the original protocol, but lets fallback workers work beside it", async () => {
    const server = await createPlatform(mainEngine());
    await server.worker.messages.pending();
    expect(await isOnline(server)).toBe(true);
    expect(await server.useCases.presence.servedByOthers()).toEqual([]);
    await server.close();
  });

  it("keeps questions from fallback workers while another worker is there, at whatever server", async () => {
    const bridge = poll(platform, { worker: "bridge", fallback: true });
    await ask();
    expect((await bridge.done).runs).toHaveLength(1);
    const own = poll(other, { worker: "own" });
    await until("it is known", async () => (await platform.useCases.presence.servedByOthers()) === "all");
    const late = poll(platform, { worker: "bridge", fallback: true });
    const { run_id } = await ask();
    expect((await own.done).runs).toMatchObject([{ run_id }]);
    // Busy is not gone: the next question waits for it.
    const next = await ask();
    expect(await platform.worker.worker.claim({ worker: "third", wait_ms: 300, fallback: true })).toEqual({ runs: [] });
    const [run] = (await own.done).runs;
    await other.worker.worker.complete({ run_id, lease_token: run?.lease_token ?? "", text: "x" });
    expect((await late.done).runs).toMatchObject([{ run_id: next.run_id }]);
  }, 30_000);
});
