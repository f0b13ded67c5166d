import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { auditEvents } from "../schema/index.ts";

/** The values of an audit row beyond its columns: anything that JSON can hold. */
export type Facts = Readonly<Record<string, unknown>>;

/** One row of the audit log. Null where there was none or it is not known. */
export interface AuditEvent {
  kind: string;
  userId: number | null;
  sessionId: string | null;
  keyId: string | null;
  address: string | null;
  facts: Facts;
}

/** Stores events of which each happened `ageMs` ago. */
export type InsertAuditEvents = (events: readonly (AuditEvent & { ageMs: number })[]) => Promise<void>;

export function prepareInsertAuditEvents(db: Db): InsertAuditEvents {
  const given = sql`
    select now() - age_ms * interval '1 millisecond', kind, user_id, session_id, key_id, address, facts
    from jsonb_to_recordset(${sql.placeholder("events")}::jsonb) as given(
      age_ms float8, kind text, user_id bigint, session_id uuid, key_id text, address text, facts jsonb
    )`;
  const statement = db
    .with(
      db.$with("stored", { eventId: auditEvents.eventId }).as(sql`
      insert into audit_events (at, kind, user_id, session_id, key_id, address, facts) ${given}`),
    )
    .select({ one: sql`1` })
    .from(sql`(values (1)) as once`)
    .prepare("insert_audit_events");
  return async (events) => {
    const rows = events.map((event) => ({
      age_ms: event.ageMs,
      kind: event.kind,
      user_id: event.userId,
      session_id: event.sessionId,
      key_id: event.keyId,
      address: event.address,
      facts: event.facts,
    }));
    await statement.execute({ events: JSON.stringify(rows) });
  };
}

/**
 * Deletes up to `limit` rows that are older than `keepDays`, the oldest first.
 *
 * @param wanted.keepDays at least 30: the database refuses to delete younger rows
 * @returns how many there were
 */
export type PruneAuditEvents = (wanted: { keepDays: number; limit: number }) => Promise<number>;

export function preparePruneAuditEvents(db: Db): PruneAuditEvents {
  const statement = db
    .delete(auditEvents)
    .where(sql`event_id in (
      select old.event_id from audit_events as old
      where old.at < now() - ${sql.placeholder("keepDays")}::int * interval '1 day'
      order by old.at limit ${sql.placeholder("limit")}::int
    )`)
    .returning({ eventId: auditEvents.eventId })
    .prepare("prune_audit_events");
  return async (wanted) => (await statement.execute({ ...wanted })).length;
}
