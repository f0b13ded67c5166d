import { randomUUID } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { sessions, spentTokens, users } from "../src/schema/index.ts";
import { describeEachEngine, describePostgres, makeUser, newSignIn, useDatabase } from "../src/testing/index.ts";
import type { SignIn, SignInResult } from "../src/statements/sign-in.ts";

const dayMs = 24 * 3_600_000;

const signInOf = (googleId: string, more: Partial<SignIn> = {}): SignIn => ({
  ...newSignIn,
  googleId,
  mail: `${googleId}@example.com`,
  ...more,
});

function opened(result: SignInResult): Extract<SignInResult, { kind: "opened" }> {
  if (result.kind !== "opened") throw new Error(`The sign-in was refused: ${result.reason}`);
  return result;
}

describeEachEngine("a sign-in", (engine) => {
  const suite = useDatabase(engine);
  const signIn = (googleId: string, more?: Partial<SignIn>) =>
    suite.statements.upsertUserWithSession(signInOf(googleId, more));
  const liveIds = async (userId: number): Promise<string[]> =>
    (await suite.statements.listLiveSessions({ userId, limit: 100 })).map(({ sessionId }) => sessionId);
  /** The time until a session ends, in milliseconds. */
  const leftOf = async (sessionId: string): Promise<number> => {
    const left = sql<number>`extract(epoch from ${sessions.expiresAt} - now())::float8 * 1000`;
    const [row] = await suite.database.db.select({ left }).from(sessions).where(eq(sessions.sessionId, sessionId));
    return row?.left ?? 0;
  };

  it("uses its token and its nonce up: neither signs anybody in again", async () => {
    const [token, other, nonce] = [randomUUID(), randomUUID(), randomUUID()];
    opened(await signIn(randomUUID(), { tokenHashes: [token, nonce] }));
    const stranger = randomUUID();
    const spent = { kind: "refused", reason: "spent" };
    expect(await signIn(stranger, { tokenHashes: [token] })).toEqual(spent);
    expect(await signIn(stranger, { tokenHashes: [other, nonce] })).toEqual(spent);
    expect(await suite.database.db.$count(users, eq(users.googleId, stranger))).toBe(0);
  });

  it("is forgotten only once its token has expired", async () => {
    const [old, fresh] = [randomUUID(), randomUUID()];
    await signIn(randomUUID(), { tokenHashes: [old], tokenLifetimeMs: 0 });
    await signIn(randomUUID(), { tokenHashes: [fresh] });
    await suite.statements.pruneSpentTokens();
    expect(await suite.database.db.$count(spentTokens, eq(spentTokens.hash, old))).toBe(0);
    expect(await suite.database.db.$count(spentTokens, eq(spentTokens.hash, fresh))).toBe(1);
  });

  it("beyond the limit ends the session that was seen longest ago", async () => {
    const { userId, sessionId: first } = opened(await signIn("collector", { sessionsMax: 3 }));
    const { sessionId: second } = opened(await signIn("collector", { sessionsMax: 3 }));
    const { sessionId: third } = opened(await signIn("collector", { sessionsMax: 3 }));
    await suite.database.db
      .update(sessions)
      .set({ lastSeenAt: sql`now() - interval '1 hour'` })
      .where(eq(sessions.sessionId, second));
    const bob = await makeUser(suite.statements);
    const fourth = opened(await signIn("collector", { sessionsMax: 3 }));
    expect(fourth.replaced).toEqual([{ userId, sessionId: second }]);
    expect((await liveIds(userId)).toSorted()).toEqual([first, third, fourth.sessionId].toSorted());
    expect(await liveIds(bob.userId)).toEqual([bob.sessionId]);
  });

  it("ends the session that the browser had, whoever's it was, and counts without it", async () => {
    const ann = opened(await signIn("ann"));
    const bob = opened(await signIn("bob", { sessionsMax: 2 }));
    const instead = opened(await signIn("bob", { sessionsMax: 2, formerSessionId: ann.sessionId }));
    expect(instead.replaced).toEqual([{ userId: ann.userId, sessionId: ann.sessionId }]);
    expect(await liveIds(ann.userId)).toEqual([]);
    const again = opened(await signIn("bob", { sessionsMax: 2, formerSessionId: instead.sessionId }));
    expect(again.replaced).toEqual([{ userId: bob.userId, sessionId: instead.sessionId }]);
    expect((await liveIds(bob.userId)).toSorted()).toEqual([bob.sessionId, again.sessionId].toSorted());
  });

  it("of a blocked person opens nothing, and their sessions are over until they are unblocked", async () => {
    const { userId, sessionId } = opened(await signIn("mallory"));
    const other = await makeUser(suite.statements);
    const block = (blockedAt: Date | null) =>
      suite.database.db.update(users).set({ blockedAt }).where(eq(users.userId, userId));
    const find = () => suite.statements.findSession({ sessionId, resolutionMs: 1_000 });
    await block(new Date());
    expect(await signIn("mallory")).toEqual({ kind: "refused", reason: "blocked" });
    expect(await find()).toBeUndefined();
    expect(await suite.statements.listEndedSessions([sessionId, other.sessionId])).toEqual([sessionId]);
    expect(await liveIds(userId)).toEqual([sessionId]);
    await block(null);
    expect(await find()).toMatchObject({ userId });
  });

  describe("whose session is in use", () => {
    const limits = { resolutionMs: 0, idleMs: 10 * dayMs, maxAgeMs: 30 * dayMs };

    it("lasts until the idle limit after the last request", async () => {
      const { sessionId } = await makeUser(suite.statements);
      await suite.statements.touchSessions({ sessionIds: [sessionId], ...limits });
      expect(await leftOf(sessionId)).toBeGreaterThan(9 * dayMs);
      expect(await leftOf(sessionId)).toBeLessThanOrEqual(10 * dayMs);
    });

    it("never lasts beyond the limit after the sign-in", async () => {
      const { sessionId } = await makeUser(suite.statements);
      const signedInAt = sql`now() - interval '25 days'`;
      await suite.database.db.update(sessions).set({ createdAt: signedInAt }).where(eq(sessions.sessionId, sessionId));
      await suite.statements.touchSessions({ sessionIds: [sessionId], ...limits });
      expect(await leftOf(sessionId)).toBeLessThanOrEqual(5 * dayMs);
      expect(await suite.statements.findSession({ sessionId, resolutionMs: 0 })).toMatchObject({
        ageMs: expect.closeTo(25 * dayMs, -6),
      });
    });

    it("is not touched by a request that came before its end", async () => {
      const { sessionId } = await makeUser(suite.statements);
      expect(await suite.statements.revokeSession(sessionId)).toBe(true);
      expect(await suite.statements.revokeSession(sessionId)).toBe(false);
      const before = await leftOf(sessionId);
      await suite.statements.touchSessions({ sessionIds: [sessionId], ...limits });
      expect(await leftOf(sessionId)).toBeLessThanOrEqual(before);
    });

    it("is not brought back by a request from before its end", async () => {
      const { sessionId } = await makeUser(suite.statements);
      await suite.database.db
        .update(sessions)
        .set({ expiresAt: sql`now()` })
        .where(eq(sessions.sessionId, sessionId));
      await suite.statements.touchSessions({ sessionIds: [sessionId], ...limits });
      expect(await suite.statements.listEndedSessions([sessionId])).toEqual([sessionId]);
    });
  });
});

describePostgres("sign-ins in parallel", () => {
  const suite = useDatabase("postgres");
  const times = (count: number, more: Partial<SignIn>): Promise<SignInResult[]> =>
    Promise.all(
      Array.from({ length: count }, () => suite.statements.upsertUserWithSession(signInOf("parallel", more))),
    );

  it("leave no more sessions than a person may have", async () => {
    const [first] = await times(60, { sessionsMax: 20 });
    const userId = first?.kind === "opened" ? first.userId : 0;
    expect(await suite.statements.listLiveSessions({ userId, limit: 100 })).toHaveLength(20);
  });

  it("with one token open one session", async () => {
    const results = await times(20, { tokenHashes: [randomUUID()] });
    expect(results.filter(({ kind }) => kind === "opened")).toHaveLength(1);
  });
});
