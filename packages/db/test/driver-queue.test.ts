import postgres from "postgres";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createTestPostgres, describePostgres, type TestPostgres } from "../src/testing/index.ts";

const statements = 2_000;
const connections = 3;

/** Longest list that the driver searched for a connection while `use` ran. */
async function longestSearch(use: () => Promise<void>): Promise<number> {
  let longest = 0;
  const indexOf = Array.prototype.indexOf;
  const spy = vi.spyOn(Array.prototype, "indexOf").mockImplementation(function search(
    this: unknown[],
    wanted: unknown,
    from?: number,
  ) {
    if (typeof wanted === "object" && wanted !== null && "idleTimer" in wanted)
      longest = Math.max(longest, this.length);
    return indexOf.call(this, wanted, from);
  });
  try {
    await use();
  } finally {
    spy.mockRestore();
  }
  return longest;
}

describePostgres("the driver's lists of connections (patches/postgres)", () => {
  let database: TestPostgres;
  let sql: postgres.Sql;

  beforeAll(async () => {
    database = await createTestPostgres();
    sql = postgres(database.url, { max: connections, onnotice: () => {} });
  });

  afterAll(async () => {
    await sql.end();
    await database.drop();
  });

  it.each([
    ["connections that are free at all times", 1],
    ["connections that are busy at all times", 8],
  ])("stay as short as the pool with %s", async (_, callers) => {
    // So that all connections are open.
    await Promise.all(Array.from({ length: connections }, () => sql`select pg_sleep(0.1)`));
    const longest = await longestSearch(async () => {
      let left = statements;
      const call = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await sql`select 1`;
        }
      };
      await Promise.all(Array.from({ length: callers }, call));
    });
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThanOrEqual(2 * connections);
  });
});
