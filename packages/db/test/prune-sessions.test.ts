import { inArray, sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { sessions } from "../src/schema/index.ts";
import { describeEachEngine, makeUser, useDatabase } from "../src/testing/index.ts";

describeEachEngine("pruning of sessions", (engine) => {
  const suite = useDatabase(engine);

  it("forgets those that were over long ago, and keeps the live and those that ended lately", async () => {
    const expired = (await makeUser(suite.statements)).sessionId;
    const revoked = (await makeUser(suite.statements)).sessionId;
    const lately = (await makeUser(suite.statements)).sessionId;
    const live = (await makeUser(suite.statements)).sessionId;
    const longAgo = sql`now() - interval '2 hours'`;
    await suite.database.db
      .update(sessions)
      .set({ expiresAt: longAgo })
      .where(inArray(sessions.sessionId, [expired]));
    await suite.database.db
      .update(sessions)
      .set({ revokedAt: longAgo })
      .where(inArray(sessions.sessionId, [revoked]));
    await suite.statements.revokeSession(lately);
    const options = { keepMs: 3_600_000, limit: 1 };
    const pruned: number[] = [];
    for (let round = 0; round < 3; round += 1) pruned.push(await suite.statements.pruneSessions(options));
    expect(pruned).toEqual([1, 1, 0]);
    const left = await suite.database.db.select({ id: sessions.sessionId }).from(sessions);
    expect(left.map(({ id }) => id).toSorted()).toEqual([lately, live].toSorted());
  });
});
