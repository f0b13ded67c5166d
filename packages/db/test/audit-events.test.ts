import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { databaseErrorCode } from "../src/errors.ts";
import { describeEachEngine } from "../src/testing/engines.ts";
import { useDatabase } from "../src/testing/use-database.ts";

const dayMs = 24 * 3_600_000;

const event = {
  kind: "signed_in",
  userId: 7,
  sessionId: "6f0f3a4e-5d1c-4a55-9a63-0d0f3f0f7a10",
  keyId: null,
  address: "192.0.2.1",
  facts: { reason: "it's so", count: 2 },
};

describeEachEngine("the audit log", (engine) => {
  const suite = useDatabase(engine);

  async function ages(): Promise<number[]> {
    const days = sql`select round(extract(epoch from now() - at) / 86400)::int as days from audit_events order by 1`;
    const result: unknown = await suite.database.db.execute(days);
    const rows = Array.isArray(result) ? (result as { days: number }[]) : (result as { rows: { days: number }[] }).rows;
    return rows.map(({ days: age }) => age);
  }

  it("keeps what happened, and when", async () => {
    await suite.statements.insertAuditEvents([
      { ...event, ageMs: 0 },
      { ...event, sessionId: null, ageMs: 40 * dayMs },
      { ...event, ageMs: 50 * dayMs },
      { ...event, ageMs: 60 * dayMs },
    ]);
    expect(await ages()).toEqual([0, 40, 50, 60]);
    const facts = sql`select 1 from audit_events
      where user_id = ${event.userId} and session_id = ${event.sessionId}::uuid and address = ${event.address}
        and facts = ${JSON.stringify(event.facts)}::jsonb and kind = ${event.kind} and key_id is null`;
    const result: unknown = await suite.database.db.execute(facts);
    expect(Array.isArray(result) ? result.length : (result as { rows: unknown[] }).rows.length).toBe(3);
  });

  it.each(["update audit_events set kind = 'x'", "delete from audit_events", "truncate audit_events"])(
    "refuses %s",
    async (statement) => {
      const refused = suite.database.db.execute(statement).then(
        () => undefined,
        (error: unknown) => databaseErrorCode(error),
      );
      expect(await refused).toBe("42501");
      expect(await ages()).toEqual([0, 40, 50, 60]);
    },
  );

  it("is pruned from the oldest on, so many rows at a time", async () => {
    const { pruneAuditEvents } = suite.statements;
    expect(await pruneAuditEvents({ keepDays: 45, limit: 1 })).toBe(1);
    expect(await ages()).toEqual([0, 40, 50]);
    expect(await pruneAuditEvents({ keepDays: 45, limit: 10 })).toBe(1);
    expect(await pruneAuditEvents({ keepDays: 45, limit: 10 })).toBe(0);
    expect(await ages()).toEqual([0, 40]);
  });
});
