import { inArray, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createQueries, type Database, type Queries } from "../src/index.ts";
import { sessions } from "../src/schema/index.ts";
import { describeEachEngine, makeUser, openTestDatabase } from "../src/testing/index.ts";

describeEachEngine("pruning of sessions", (engine) => {
  let database: Database;
  let queries: Queries;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
    queries = createQueries(database.db);
  });
  afterAll(() => database.close());

  it("forgets those that were over long ago, and keeps the live and those that ended lately", async () => {
    const expired = (await makeUser(queries)).sessionId;
    const revoked = (await makeUser(queries)).sessionId;
    const lately = (await makeUser(queries)).sessionId;
    const live = (await makeUser(queries)).sessionId;
    const longAgo = sql`now() - interval '2 hours'`;
    await database.db
      .update(sessions)
      .set({ expiresAt: longAgo })
      .where(inArray(sessions.sessionId, [expired]));
    await database.db
      .update(sessions)
      .set({ revokedAt: longAgo })
      .where(inArray(sessions.sessionId, [revoked]));
    await queries.revokeSession(lately);
    await queries.pruneSessions(3_600_000);
    const left = await database.db.select({ id: sessions.sessionId }).from(sessions);
    expect(left.map(({ id }) => id).toSorted()).toEqual([lately, live].toSorted());
  });
});
