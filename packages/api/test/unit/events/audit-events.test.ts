import type { AuditEvent } from "@deepbot/db";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAuditTrail } from "../../../src/events/audit-events.ts";
import { createEvents } from "../../../src/events/events.ts";
import { requestScope } from "../../../src/request-scope.ts";

type Stored = AuditEvent & { ageMs: number };

/** An audit trail over a database that takes rows as told. */
function makeTrail(
  insert: (rows: readonly Stored[]) => Promise<void> = async () => {},
  perPersonHour = { perKind: 5_000, total: 5_000 },
) {
  const stored: Stored[] = [];
  const lost: number[] = [];
  const batches: number[] = [];
  const statements = {
    insertAuditEvents: async (rows: readonly Stored[]): Promise<void> => {
      batches.push(rows.length);
      await insert(rows);
      stored.push(...rows);
    },
  };
  const { emit, subscribe } = createEvents((error) => {
    throw error;
  });
  const trail = createAuditTrail(
    { statements, events: { subscribe } },
    { perHour: { perKind: 2, total: 10 }, perPersonHour, onDropped: (count) => void lost.push(count) },
  );
  return { trail, emit, stored, lost, batches };
}

const signedIn = { kind: "signed_in", userId: 3, sessionId: "s" } as const;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("the audit trail", () => {
  it("adds where an event came from and with which credentials", async () => {
    const { trail, emit, stored } = makeTrail();
    const facts = {
      requestId: "r",
      locale: "en",
      address: "192.0.2.1",
      identity: { userId: 3, sessionId: "s" },
    } as const;
    requestScope.run(facts, () => emit({ kind: "account_exported", userId: 3 }));
    await trail.close();
    const row = { kind: "account_exported", userId: 3, sessionId: "s", keyId: null, address: "192.0.2.1", facts: {} };
    expect(stored).toEqual([{ ...row, ageMs: expect.any(Number) as number }]);
  });

  it("has a row for what an operator did to a webhook, and for what failures did", async () => {
    const { trail, emit, stored } = makeTrail();
    emit({ kind: "webhook_changed", change: "created", webhookId: "w" });
    emit({ kind: "webhook_disabled", webhookId: "w", assistantId: 1, reason: "failures" });
    await trail.close();
    expect(stored).toMatchObject([
      { kind: "webhook_changed", facts: { change: "created", webhook_id: "w" } },
      { kind: "webhook_disabled", facts: { webhook_id: "w", assistant_id: 1, reason: "failures" } },
    ]);
  });

  it("keeps the first refusals of a kind in an hour and counts the others", async () => {
    const { trail, emit, stored } = makeTrail();
    for (let index = 0; index < 5; index += 1) {
      emit({ kind: "access_refused", credential: "session", reason: "session_invalid" });
    }
    await vi.advanceTimersByTimeAsync(3_600_000);
    await trail.close();
    const facts = { credential: "session", reason: "session_invalid" };
    const [first, second, rest, ...more] = stored;
    expect([first, second]).toMatchObject([{ facts }, { facts }]);
    expect(rest).toMatchObject({ kind: "access_refused", facts: { suppressed: 3, of: "session session_invalid" } });
    expect(more).toEqual([]);
  });

  it("keeps the first rows of a kind of one person in an hour, counts the others, and leaves others' rows alone", async () => {
    const { trail, emit, stored } = makeTrail(undefined, { perKind: 2, total: 9 });
    const change = (userId: number, tokenId: string, made: "created" | "ended") =>
      emit({ kind: "personal_token_changed", change: made, userId, tokenId });
    for (const tokenId of ["a", "b", "c", "d"]) {
      change(3, tokenId, "created");
      change(3, tokenId, "ended");
    }
    change(4, "e", "created");
    await vi.advanceTimersByTimeAsync(3_600_000);
    change(3, "f", "created");
    await trail.close();
    const kind = "personal_token_changed";
    expect(stored.map(({ userId, keyId, facts }) => [userId, keyId, facts])).toEqual([
      [3, "a", { change: "created" }],
      [3, "a", { change: "ended" }],
      [3, "b", { change: "created" }],
      [3, "b", { change: "ended" }],
      [4, "e", { change: "created" }],
      [3, null, { suppressed: 2, of: "created" }],
      [3, null, { suppressed: 2, of: "ended" }],
      [3, "f", { change: "created" }],
    ]);
    expect(new Set(stored.map((row) => row.kind))).toEqual(new Set([kind]));
  });

  it("counts what is beyond the rows of all persons in an hour", async () => {
    const { trail, emit, stored } = makeTrail(undefined, { perKind: 2, total: 2 });
    for (const userId of [3, 4, 5, 6]) emit({ ...signedIn, userId });
    await vi.advanceTimersByTimeAsync(3_600_000);
    await trail.close();
    expect(stored.map(({ kind, userId, facts }) => [kind, userId, facts])).toEqual([
      ["signed_in", 3, {}],
      ["signed_in", 4, {}],
      ["limit_reached", null, { code: "audit_rows", suppressed: 2 }],
    ]);
  });

  it("keeps limits that were reached, and no other refused request", async () => {
    const { trail, emit, stored } = makeTrail();
    for (const code of ["too_many_requests", "too_many_watches", "not_found", "internal"] as const) {
      emit({ kind: "request_refused", code });
    }
    await trail.close();
    expect(stored.map(({ kind, facts }) => [kind, facts["code"]])).toEqual([
      ["limit_reached", "too_many_requests"],
      ["limit_reached", "too_many_watches"],
    ]);
  });

  it("writes many rows in few statements", async () => {
    const { trail, emit, batches } = makeTrail();
    for (let index = 0; index < 450; index += 1) emit(signedIn);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(batches).toEqual([200, 200, 50]);
    await trail.close();
  });

  it("tries again once, and then counts what is lost", async () => {
    const answers = [false, true, false, false];
    const { trail, emit, stored, lost } = makeTrail(async () => {
      if (answers.shift() !== true) throw new Error("The database is away.");
    });
    emit(signedIn);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([stored.length, trail.dropped()]).toEqual([1, 0]);
    emit(signedIn);
    emit(signedIn);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([stored.length, trail.dropped(), lost]).toEqual([1, 2, [2]]);
    await trail.close();
  });

  it("holds two thousand rows at most while the database does not answer", async () => {
    let answer = (): void => {};
    const { trail, emit, stored } = makeTrail(() => new Promise((resolve) => (answer = resolve)));
    emit(signedIn);
    await vi.advanceTimersByTimeAsync(1_000);
    for (let index = 0; index < 2_500; index += 1) emit(signedIn);
    expect(trail.dropped()).toBe(501);
    const closed = trail.close();
    for (let round = 0; round < 20; round += 1) {
      answer();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    await closed;
    expect(stored).toHaveLength(2_000);
  });
});
