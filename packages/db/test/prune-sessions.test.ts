import { inArray, sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { sessions } from "../src/schema/index.ts";
import { describeEachEngine, makeUser, useDatabase } from "../src/testing/index.ts";

describeEachEngine("pruning of sessions", (engine) => {
  const suite = useDatabase(engine);

  it("forgets those that were over long ago, and keeps the live and those that ended lately", async () => {
    const expired = (await makeUser(suite.queries)).sessionId;
    const revoked = (await makeUser(suite.queries)).sessionId;
    const lately = (await makeUser(suite.queries)).sessionId;
    const live = (await makeUser(suite.queries)).sessionId;
    const longAgo = sql`now() - interval '2 hours'`;
    await suite.database.db
      .update(sessions)
      .set({ expiresAt: longAgo })
      .where(inArray(sessions.sessionId, [expired]));
    await suite.database.db
      .update(sessions)
      .set({ revokedAt: longAgo })
      .where(inArray(sessions.sessionId, [revoked]));
    await suite.queries.revokeSession(lately);
    await suite.queries.pruneSessions(3_600_000);
    const left = await suite.database.db.select({ id: sessions.sessionId }).from(sessions);
    expect(left.map(({ id }) => id).toSorted()).toEqual([lately, live].toSorted());
  });
});
