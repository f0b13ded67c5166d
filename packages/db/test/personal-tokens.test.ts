import { eq, sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { personalTokens, users } from "../src/schema/index.ts";
import { describeEachEngine, makeUser, useDatabase } from "../src/testing/index.ts";

let made = 0;

describeEachEngine("personal tokens", (engine) => {
  const suite = useDatabase(engine);

  const insert = (
    userId: number,
    { limit = 20, lifetimeMs = null }: { limit?: number; lifetimeMs?: number | null } = {},
  ) => {
    made += 1;
    const hash = made.toString(16).padStart(64, "0");
    return suite.statements.insertPersonalToken({
      userId,
      name: `t${made}`,
      hash,
      prefix: "dbp_abcdef",
      lifetimeMs,
      limit,
    });
  };
  const hashOf = async (tokenId: string): Promise<string> => {
    const [row] = await suite.database.db.select().from(personalTokens).where(eq(personalTokens.tokenId, tokenId));
    return row?.hash ?? "";
  };
  const expire = (tokenId: string) =>
    suite.database.db
      .update(personalTokens)
      .set({ expiresAt: sql`now()` })
      .where(eq(personalTokens.tokenId, tokenId));
  const find = async (hash: string) => suite.statements.findPersonalToken({ hash, resolutionMs: 60_000 });

  it("are those of their person", async () => {
    const [ann, bob] = [await makeUser(suite.statements), await makeUser(suite.statements)];
    const token = await insert(ann.userId);
    const tokenId = token?.tokenId ?? "";
    expect(await suite.statements.listPersonalTokens(ann.userId)).toEqual([token]);
    expect(await suite.statements.listPersonalTokens(bob.userId)).toEqual([]);
    expect(await suite.statements.deletePersonalToken({ userId: bob.userId, tokenId })).toBe(false);
    expect(await find(await hashOf(tokenId))).toMatchObject({ userId: ann.userId, tokenId, touchDue: true });
    await suite.statements.touchPersonalTokens({ tokenIds: [tokenId], resolutionMs: 60_000 });
    expect(await find(await hashOf(tokenId))).toMatchObject({ touchDue: false });
    expect(await suite.statements.deletePersonalToken({ userId: ann.userId, tokenId })).toBe(true);
  });

  it("are as many as the limit allows, however many are made at once; expired ones make room", async () => {
    const { userId } = await makeUser(suite.statements);
    const tokens = await Promise.all([1, 2, 3, 4].map(() => insert(userId, { limit: 2, lifetimeMs: 60_000 })));
    const stored = tokens.filter((token) => token !== undefined);
    expect(stored).toHaveLength(2);
    await expire(stored[0]?.tokenId ?? "");
    expect(await insert(userId, { limit: 2 })).toBeDefined();
    expect(await suite.statements.listPersonalTokens(userId)).toHaveLength(2);
  });

  it("end when they are deleted or expire, and with a block of their person", async () => {
    const { userId } = await makeUser(suite.statements);
    const ids = [await insert(userId), await insert(userId), await insert(userId)].map((token) => token?.tokenId ?? "");
    const [kept = "", expired = "", deleted = ""] = ids;
    const hashes = await Promise.all(ids.map(hashOf));
    expect(await suite.statements.listEndedTokens(ids)).toEqual([]);
    await expire(expired);
    await suite.statements.deletePersonalToken({ userId, tokenId: deleted });
    expect((await suite.statements.listEndedTokens(ids)).toSorted()).toEqual([expired, deleted].toSorted());
    const found = await Promise.all(hashes.map(find));
    expect(found.map((token) => token?.tokenId)).toEqual([kept, undefined, undefined]);
    await suite.database.db
      .update(users)
      .set({ blockedAt: sql`now()` })
      .where(eq(users.userId, userId));
    expect(await suite.statements.listEndedTokens([kept])).toEqual([kept]);
    expect(await find(hashes[0] ?? "")).toBeUndefined();
  });
});
