import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createTestPostgres, describePostgres, type TestPostgres } from "../src/testing/index.ts";

/** What the driver's patch changes: how a connection finds the statements that it has prepared. */
describePostgres("prepared statements", () => {
  let database: TestPostgres;
  let client: postgres.Sql;

  beforeAll(async () => {
    database = await createTestPostgres();
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    client = postgres(database.url, { max: 1, onnotice: () => {} });
  });
  afterEach(() => client.end());

  const run = (text: string, value: string | boolean) => client.unsafe(text, [value], { prepare: true });

  async function countPrepared(text: string): Promise<number> {
    const rows = await client<{ statement: string }[]>`select statement from pg_prepared_statements`;
    return rows.filter(({ statement }) => statement === text).length;
  }

  it("are prepared once, however often they run", async () => {
    const text = "select $1::text as said";
    for (const said of ["a", "b", "c"]) expect(await run(text, said)).toEqual([{ said }]);
    expect(await countPrepared(text)).toBe(1);
  });

  it("are prepared once for each list of types", async () => {
    const text = "select $1 as said";
    for (const said of ["a", true, "b", false]) expect(await run(text, said)).toEqual([{ said }]);
    expect(await countPrepared(text)).toBe(2);
  });

  it("are prepared anew when their result has changed", async () => {
    const text = "select * from said where word = $1";
    await client`create table said (word text)`;
    await client`insert into said values ('a')`;
    expect(await run(text, "a")).toEqual([{ word: "a" }]);
    await client`alter table said add column times int default 1`;
    expect(await run(text, "a")).toEqual([{ word: "a", times: 1 }]);
    expect(await run(text, "a")).toEqual([{ word: "a", times: 1 }]);
  });
});
