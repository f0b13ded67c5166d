import { setImmediate as nextTick } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { databaseErrorCode, isDatabaseOutage, openDatabase, type Database } from "../src/index.ts";
import { createTestPostgres, describePostgres, type TestPostgres } from "../src/testing/index.ts";
import { openLine, type Line } from "./silent-line.ts";

describePostgres("a pool of connections", () => {
  let server: TestPostgres;
  let line: Line;
  let database: Database;

  beforeAll(async () => {
    server = await createTestPostgres();
  });
  afterAll(() => server.drop());
  afterEach(async () => {
    vi.useRealTimers();
    line.open();
    await database.close();
    line.close();
  });

  it("has the database limit statements, waits for locks and idle transactions", async () => {
    line = await openLine(server.url);
    database = await openDatabase({ engine: "postgres", url: line.url });
    const names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone"];
    const settings = await database.db.execute(sql`
      select current_setting(name) as value from unnest(${sql.param(`{${names.join()}}`)}::text[]) as name`);
    expect(settings).toEqual([{ value: "8s" }, { value: "4s" }, { value: "8s" }, { value: "UTC" }]);
  });

  it.each([
    { name: "a statement", limitMs: 10_000, run: (): Promise<unknown> => database.db.execute(sql`select 1`) },
    { name: "a ping", limitMs: 2_000, run: (): Promise<unknown> => database.ping() },
  ])(
    "fails $name after $limitMs ms without data from the database, and then serves again",
    async ({ limitMs, run }) => {
      vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
      line = await openLine(server.url);
      database = await openDatabase({ engine: "postgres", url: line.url, maxConnections: 1 });
      await run();
      line.silence();
      let failure: unknown;
      const pending = run().catch((error: unknown) => {
        failure = error;
      });
      await nextTick();
      vi.advanceTimersByTime(0.9 * limitMs);
      await nextTick();
      expect(failure).toBeUndefined();
      vi.advanceTimersByTime(0.3 * limitMs);
      await pending;
      expect(databaseErrorCode(failure)).toBe("ETIMEDOUT");
      expect(isDatabaseOutage(failure)).toBe(true);
      line.open();
      vi.useRealTimers();
      await vi.waitFor(run, 10_000);
    },
  );

  it("migrates and listens through the direct address, where there is one", async () => {
    line = await openLine(server.url);
    line.silence();
    database = await openDatabase({ engine: "postgres", url: line.url, directUrl: server.url });
    await database.migrate();
    const received: string[] = [];
    const listener = await database.channel?.listen(
      (payload) => received.push(payload),
      () => {},
    );
    line.open();
    await database.channel?.notify("hello");
    await vi.waitFor(() => expect(received).toEqual(["hello"]), 10_000);
    await listener?.close();
  });
});
