import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { createSilenceGuard, type SilenceGuard } from "../src/open/silence-guard.ts";
import { createTestPostgres, describePostgres, type TestPostgres } from "../src/testing/index.ts";
import { openLine, outcomeOf, type Line } from "./silent-line.ts";

const limitMs = 500;

describePostgres("the silence guard", () => {
  let database: TestPostgres;
  let line: Line;
  let guard: SilenceGuard;
  let client: postgres.Sql;

  beforeAll(async () => {
    database = await createTestPostgres();
  });
  afterAll(() => database.drop());
  afterEach(async () => {
    await client.end({ timeout: 0 });
    guard.close();
    line.close();
  });

  async function open(max: number): Promise<void> {
    line = await openLine(database.url);
    guard = createSilenceGuard(limitMs);
    client = connectTo(max, guard.openSocket);
  }

  function connectTo(max: number, socket: SilenceGuard["openSocket"]): postgres.Sql {
    const options = { max, socket, backoff: () => 0.01, connect_timeout: 1 };
    return postgres(line.url, options);
  }

  it("fails the statements of a database that stops responding, and serves again when it responds", async () => {
    await open(2);
    await Promise.all([client.unsafe("select 1"), client.unsafe("select 1")]);
    line.silence();
    const stuck = Array.from({ length: 6 }, () => outcomeOf(client.unsafe("select 1")));
    const codes = await Promise.all(stuck);
    expect(codes).not.toContain("answered");
    expect(codes).toContain("ETIMEDOUT");
    line.open();
    await vi.waitFor(async () => expect(await outcomeOf(client.unsafe("select 1"))).toBe("answered"));
  });

  it("keeps a connection on which no statement waits", async () => {
    await open(1);
    const [before] = await client.unsafe<{ pid: number }[]>("select pg_backend_pid() as pid");
    await delay(limitMs * 2); // Not a wait for something: nothing must happen in this time.
    const [after] = await client.unsafe<{ pid: number }[]>("select pg_backend_pid() as pid");
    expect(after).toEqual(before);
  });

  it("keeps a connection that is busy but receives data", async () => {
    await open(1);
    const statements = Array.from({ length: 5 }, () => outcomeOf(client.unsafe(`select pg_sleep(${limitMs / 3000})`)));
    expect(new Set(await Promise.all(statements))).toEqual(new Set(["answered"]));
  });

  it("fails the statements of a transaction too", async () => {
    await open(1);
    const outcomes: unknown[] = [];
    const transaction = client.begin(async (sql) => {
      await sql`select 1`;
      line.silence();
      outcomes.push(await outcomeOf(sql`select 1`));
    });
    await expect(transaction).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(outcomes).toEqual(["ETIMEDOUT"]);
  });
});
