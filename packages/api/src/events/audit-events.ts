import type { AuditEvent, Statements } from "@deepbot/db";
import { statusOf } from "@deepbot/contract";
import { requestScope } from "../request-scope.ts";
import { createSampler, type Sampler, type SamplerOptions } from "../shared/sampler.ts";
import type { AppEvent, Events } from "./events.ts";

type Row = Pick<AuditEvent, "kind"> & Partial<AuditEvent>;

/** Rows that wait to be written; further ones are dropped and counted. The counts of an hour come all at once. */
const pendingMax = 2_000;

/** Rows of one statement. */
const batchMax = 200;

/** How long a row may wait for others to be written with it. */
const delayMs = 200;

const retryDelayMs = 1_000;

const hourMs = 3_600_000;

type AuditedEvent = Extract<
  AppEvent,
  {
    kind:
      | "signed_in"
      | "sessions_ended"
      | "account_exported"
      | "account_deleted"
      | "access_refused"
      | "key_used"
      | "assistant_changed"
      | "service_key_changed"
      | "personal_token_changed"
      | "request_refused"
      | "webhook_changed"
      | "webhook_disabled";
  }
>;

const auditedKinds: readonly AuditedEvent["kind"][] = [
  "signed_in",
  "sessions_ended",
  "account_exported",
  "account_deleted",
  "access_refused",
  "key_used",
  "assistant_changed",
  "service_key_changed",
  "personal_token_changed",
  "request_refused",
  "webhook_changed",
  "webhook_disabled",
];

function isAudited(event: AppEvent): event is AuditedEvent {
  return auditedKinds.some((kind) => kind === event.kind);
}

/** The audit log: what an operator must be able to prove afterwards. It never makes a request wait. */
export interface AuditTrail {
  /** Rows that were lost because the database did not take them in time. */
  dropped: () => number;
  /** Writes what is pending, and stops. */
  close: () => Promise<void>;
}

function webhookRow(event: AuditedEvent & { kind: "webhook_changed" | "webhook_disabled" }): Row {
  const { kind, webhookId } = event;
  if (kind === "webhook_changed") return { kind, facts: { change: event.change, webhook_id: webhookId } };
  const { assistantId, reason } = event;
  return { kind, facts: { webhook_id: webhookId, assistant_id: assistantId, reason } };
}

/**
 * Kinds that anybody can cause at will are sampled by address, those that a person can cause, by person; `undefined` for events
 * that leave no row.
 */
function rowOf(event: AuditedEvent): { row: Row; sampledKind?: string; personKind?: string } | undefined {
  switch (event.kind) {
    case "signed_in": {
      const { kind, userId, sessionId } = event;
      return { row: { kind, userId, sessionId }, personKind: kind };
    }
    case "sessions_ended": {
      const { kind, userId, reason, sessionIds } = event;
      return { row: { kind, userId, facts: { reason, count: sessionIds.length } }, personKind: `${kind} ${reason}` };
    }
    case "account_exported":
    case "account_deleted": {
      const { kind, userId } = event;
      return { row: { kind, userId }, personKind: kind };
    }
    case "assistant_changed": {
      const { kind, userId, change, assistantId, slug, before, after } = event;
      return { row: { kind, userId, facts: { change, assistant_id: assistantId, slug, before, after } } };
    }
    case "access_refused": {
      const { kind, credential, reason, keyId } = event;
      const row = { kind, facts: { credential, reason }, ...(keyId === undefined ? {} : { keyId }) };
      return { row, sampledKind: `${kind} ${credential} ${reason}` };
    }
    case "service_key_changed": {
      const { kind, change, userId, keyId, before, after } = event;
      const facts = { change, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
      return { row: { kind, userId, keyId, facts } };
    }
    case "personal_token_changed": {
      const { kind, change, userId, tokenId } = event;
      return { row: { kind, userId, keyId: tokenId, facts: { change } }, personKind: `${kind} ${change}` };
    }
    case "request_refused": {
      const { code } = event;
      if (statusOf(code) !== 429 && !code.startsWith("too_many_")) return undefined;
      return { row: { kind: "limit_reached", facts: { code } }, sampledKind: `limit_reached ${code}` };
    }
    case "webhook_changed":
    case "webhook_disabled":
      return { row: webhookRow(event) };
    case "key_used": {
      const { kind, credential, keyId } = event;
      return { row: { kind, keyId, facts: { credential } } };
    }
  }
}

/** Writes rows in batches, one statement at a time. */
function createWriter(
  { insertAuditEvents }: Pick<Statements, "insertAuditEvents">,
  onDropped: (count: number) => void,
) {
  let pending: (AuditEvent & { since: number })[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let dropped = 0;

  const insert = (batch: typeof pending): Promise<void> => {
    const now = performance.now();
    return insertAuditEvents(batch.map(({ since, ...row }) => ({ ...row, ageMs: now - since })));
  };
  const write = async (retry: boolean): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending.slice(0, batchMax);
      try {
        await insert(batch).catch(async () => {
          if (retry) await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
          await insert(batch);
        });
      } catch {
        dropped += batch.length;
        onDropped(batch.length);
      }
      pending = pending.slice(batch.length);
    }
  };
  const start = (): void => {
    writing = write(true).finally(() => {
      timer = undefined;
    });
  };
  return {
    add: (row: AuditEvent): void => {
      if (pending.length >= pendingMax) {
        dropped += 1;
        return;
      }
      pending.push({ ...row, since: performance.now() });
      timer ??= setTimeout(start, delayMs);
    },
    dropped: () => dropped,
    close: async () => {
      clearTimeout(timer);
      await writing;
      await write(false);
    },
  };
}

type PerHour = Pick<SamplerOptions, "perKind" | "total">;

/** Samples what strangers cause. The row of those that were left out names their address. */
function createAddressSampler(perHour: PerHour, add: (row: Row) => void): Sampler {
  return createSampler({
    windowMs: hourMs,
    ...perHour,
    onSuppressed: ({ kind: text, address = null, count }) => {
      const [kind = "", ...subject] = text.split(" ");
      add({
        kind: kind === "other" ? "access_refused" : kind,
        address,
        facts: { suppressed: count, of: subject.join(" ") },
      });
    },
  });
}

/** Samples what persons cause, with their id in the place of an address. */
function createPersonSampler(perHour: PerHour, add: (row: Row) => void): Sampler {
  return createSampler({
    windowMs: hourMs,
    ...perHour,
    onSuppressed: ({ kind: text, address: userId, count }) => {
      const [kind = "", of] = text.split(" ");
      if (userId === undefined) add({ kind: "limit_reached", facts: { code: "audit_rows", suppressed: count } });
      else add({ kind, userId: Number(userId), facts: { suppressed: count, ...(of === undefined ? {} : { of }) } });
    },
  });
}

/**
 * Records sign-ins, refusals, exports, deletions, the first use of a key in each hour, and limits that were reached.
 *
 * @param onDropped told how many rows were lost together
 * @param perHour refusals that are kept in an hour, of each kind and address and of all together; the others are counted
 * @param perPersonHour the same of what persons do, of each kind and person and of all together
 */
export function createAuditTrail(
  { statements, events }: { statements: Pick<Statements, "insertAuditEvents">; events: Pick<Events, "subscribe"> },
  options: { perHour: PerHour; perPersonHour: PerHour; onDropped: (count: number) => void },
): AuditTrail {
  const writer = createWriter(statements, options.onDropped);
  const add = (row: Row): void => {
    const { address = null, identity = {} } = requestScope.getStore() ?? {};
    const { userId = null, sessionId = null, keyId = null } = identity;
    writer.add({ userId, sessionId, keyId, address, facts: {}, ...row });
  };
  const ofAddresses = createAddressSampler(options.perHour, add);
  const ofPersons = createPersonSampler(options.perPersonHour, add);
  const record = (event: AuditedEvent): void => {
    const found = rowOf(event);
    if (found === undefined) return;
    const { row, sampledKind, personKind } = found;
    if (sampledKind !== undefined && !ofAddresses.admit(sampledKind, requestScope.getStore()?.address)) return;
    if (personKind !== undefined && !ofPersons.admit(personKind, String(row.userId))) return;
    add(row);
  };
  events.subscribe((event) => {
    if (isAudited(event)) record(event);
  }, auditedKinds);
  return {
    dropped: writer.dropped,
    close: async () => {
      ofAddresses.flush();
      ofPersons.flush();
      await writer.close();
    },
  };
}
