import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { isDatabaseOutage, isPoolOverloaded, openDatabase, type Database } from "../src/index.ts";
import {
  createTestPostgres,
  describeEachEngine,
  describePostgres,
  useDatabase,
  type TestPostgres,
} from "../src/testing/index.ts";

describeEachEngine("statements that wait for a connection", (engine) => {
  const suite = useDatabase(engine);

  it("are bounded: those beyond the bound fail at once, and the others run", async () => {
    const { db, pool } = suite.database;
    const bound = pool.max + 500;
    const answers = Array.from({ length: bound + 20 }, () => db.execute(sql`select 1`).execute());
    expect([pool.inUse, pool.waiting]).toEqual([pool.max, bound - pool.max]);
    const ends = await Promise.allSettled(answers);
    const refusals = ends.flatMap((end): unknown[] => (end.status === "rejected" ? [end.reason] : []));
    expect(refusals).toHaveLength(20);
    expect(refusals.every((error) => isPoolOverloaded(error) && !isDatabaseOutage(error))).toBe(true);
    expect([pool.inUse, pool.waiting]).toEqual([0, 0]);
    await db.execute(sql`select 1`);
  });

  it("count a transaction as one of them", async () => {
    const { db, pool } = suite.database;
    await db.transaction(async (tx) => {
      await tx.execute(sql`select 1`);
      expect([pool.inUse, pool.waiting]).toEqual([1, 0]);
    });
    expect(pool.inUse).toBe(0);
  });
});

describePostgres("a pool that stands still", () => {
  let server: TestPostgres;
  let database: Database;
  let holder: Database;

  beforeAll(async () => {
    server = await createTestPostgres();
    database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 2 });
    holder = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 1 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  afterAll(async () => {
    await database.close();
    await holder.close();
    await server.drop();
  });

  /** Runs `work` while both connections of the pool wait for a lock. */
  const whileLocked = async (work: () => Promise<void>): Promise<void> => {
    let blocked: Promise<unknown>[] = [];
    await holder.db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(1)`);
      blocked = [1, 2].map(() => database.db.execute(sql`select pg_advisory_xact_lock(1)`).execute());
      expect(database.pool).toMatchObject({ max: 2, inUse: 2, waiting: 0 });
      await work();
    });
    await Promise.all(blocked);
  };

  it("refuses statements early, and serves again once it moves", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let queued: Promise<unknown> | undefined;
    await whileLocked(async () => {
      queued = database.db.execute(sql`select 1`).execute();
      expect(database.pool.waiting).toBe(1);
      vi.advanceTimersByTime(3_500);
      await expect(database.db.execute(sql`select 1`)).rejects.toSatisfy(isPoolOverloaded);
    });
    await queued;
    await database.db.execute(sql`select 1`);
  });

  it("answers a ping meanwhile: the database itself is well", async () => {
    let waiting: number | undefined;
    await whileLocked(async () => {
      await database.ping();
      waiting = database.pool.inUse;
    });
    expect(waiting).toBe(2);
  });
});

describe("a ping", () => {
  it("fails where no database is", async () => {
    const database = await openDatabase({ engine: "postgres", url: "postgres://127.0.0.1:1/none" });
    await expect(database.ping()).rejects.toSatisfy(isDatabaseOutage);
    await database.close();
  });
});
