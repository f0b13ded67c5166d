import type { ServiceKeyScope } from "@deepbot/contract";
import { and, count, desc, eq, gt, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { assistants, serviceKeys } from "../schema/index.ts";

/** A service key as operators see it. */
export interface StoredServiceKey {
  keyId: string;
  name: string;
  prefix: string;
  scopes: ServiceKeyScope[];
  /** Slugs; null means all assistants. */
  assistants: string[] | null;
  createdBy: number | null;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

const keyColumns = {
  keyId: serviceKeys.keyId,
  name: serviceKeys.name,
  prefix: serviceKeys.prefix,
  scopes: serviceKeys.scopes,
  assistants: sql<string[] | null>`case when assistant_ids is not null then coalesce((
    select json_agg(slug order by slug) from assistants where assistant_id = any(service_keys.assistant_ids)
  ), '[]') end`,
  createdBy: serviceKeys.createdBy,
  createdAt: serviceKeys.createdAt,
  expiresAt: serviceKeys.expiresAt,
  lastUsedAt: serviceKeys.lastUsedAt,
  revokedAt: serviceKeys.revokedAt,
};

const isLive = () =>
  and(isNull(serviceKeys.revokedAt), or(isNull(serviceKeys.expiresAt), gt(serviceKeys.expiresAt, sql`now()`)));

/** `lifetimeMs` from now; null means for ever. */
const endOfLife = (lifetimeMs: number | null) => sql`now() + ${lifetimeMs}::float8 * interval '1 millisecond'`;

/** Up to `limit` keys: live ones first, of each the newest first. */
export type ListServiceKeys = (limit: number) => Promise<StoredServiceKey[]>;

export function prepareListServiceKeys(db: Db): ListServiceKeys {
  const statement = db
    .select(keyColumns)
    .from(serviceKeys)
    .orderBy(sql`${isLive()} desc`, desc(serviceKeys.createdAt), desc(serviceKeys.keyId))
    .limit(sql.placeholder("limit"))
    .prepare("list_service_keys");
  return (limit) => statement.execute({ limit });
}

/** Ids of the assistants with these slugs, by slug. */
export type FindAssistantIds = (slugs: readonly string[]) => Promise<Map<string, number>>;

export function prepareFindAssistantIds(db: Db): FindAssistantIds {
  const statement = db
    .select({ slug: assistants.slug, assistantId: assistants.assistantId })
    .from(assistants)
    .where(sql`${assistants.slug} = any(${sql.placeholder("slugs")}::text[])`)
    .prepare("find_assistant_ids");
  return async (slugs) =>
    new Map((await statement.execute({ slugs })).map(({ slug, assistantId }) => [slug, assistantId]));
}

export interface NewServiceKey {
  name: string;
  /** SHA-256 of the key, in hexadecimal. */
  hash: string;
  prefix: string;
  scopes: ServiceKeyScope[];
  assistantIds: number[] | null;
  createdBy: number;
  lifetimeMs: number | null;
}

/** Inserts a key; undefined when there are `limit` live ones already. */
export type InsertServiceKey = (key: NewServiceKey & { limit: number }) => Promise<StoredServiceKey | undefined>;

/** Held while keys are counted and one is inserted: no row stands for all of them. */
const countLock = sql`hashtext('service_keys')`;

export function prepareInsertServiceKey(db: Db): InsertServiceKey {
  return ({ limit, lifetimeMs, ...key }) =>
    db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${countLock})`);
      const [live] = await tx
        .select({ total: count() })
        .from(serviceKeys)
        .where(isLive())
        .prepare("count_service_keys")
        .execute();
      if (live === undefined || live.total >= limit) return undefined;
      const [inserted] = await tx
        .insert(serviceKeys)
        .values({ ...key, expiresAt: endOfLife(lifetimeMs) })
        .returning(keyColumns)
        .prepare("insert_service_key")
        .execute();
      return inserted;
    });
}

/** The changes; absent members stay as they are. */
export interface ServiceKeyChange {
  name?: string;
  scopes?: ServiceKeyScope[];
  assistantIds?: number[] | null;
  lifetimeMs?: number | null;
}

/** Changes a key that was not revoked; undefined when there is none. */
export type UpdateServiceKey = (
  keyId: string,
  change: ServiceKeyChange,
) => Promise<{ before: StoredServiceKey; after: StoredServiceKey } | undefined>;

export function prepareUpdateServiceKey(db: Db): UpdateServiceKey {
  return (keyId, { lifetimeMs, ...change }) =>
    db.transaction(async (tx) => {
      const isTheOne = and(eq(serviceKeys.keyId, keyId), isNull(serviceKeys.revokedAt));
      const [before] = await tx
        .select(keyColumns)
        .from(serviceKeys)
        .where(isTheOne)
        .for("update")
        .prepare("lock_service_key")
        .execute();
      if (before === undefined) return undefined;
      const expiry = lifetimeMs === undefined ? {} : { expiresAt: endOfLife(lifetimeMs) };
      const [after] = await tx
        .update(serviceKeys)
        // An update of nothing is an error to Drizzle.
        .set({ name: before.name, ...change, ...expiry })
        .where(isTheOne)
        .returning(keyColumns)
        .prepare("update_service_key")
        .execute();
      return after === undefined ? undefined : { before, after };
    });
}

/** Revokes a key. Returns its name; undefined when there is none that was not revoked before. */
export type RevokeServiceKey = (keyId: string) => Promise<string | undefined>;

export function prepareRevokeServiceKey(db: Db): RevokeServiceKey {
  const statement = db
    .update(serviceKeys)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(serviceKeys.keyId, sql.placeholder("keyId")), isNull(serviceKeys.revokedAt)))
    .returning({ name: serviceKeys.name })
    .prepare("revoke_service_key");
  return async (keyId) => (await statement.execute({ keyId })).at(0)?.name;
}

/** A key as far as requests need it. */
export interface LiveServiceKey {
  keyId: string;
  hash: string;
  scopes: ServiceKeyScope[];
  assistantIds: number[] | null;
  /** Whether the stored time of its last use is at least `resolutionMs` old. */
  touchDue: boolean;
}

/** All keys that were not revoked and have not expired. */
export type ListLiveServiceKeys = (resolutionMs: number) => Promise<LiveServiceKey[]>;

const isTouchDue = sql<boolean>`(
  last_used_at is null or last_used_at <= now() - ${sql.placeholder("resolutionMs")}::float8 * interval '1 millisecond'
)`;

export function prepareListLiveServiceKeys(db: Db): ListLiveServiceKeys {
  const statement = db
    .select({
      keyId: serviceKeys.keyId,
      hash: serviceKeys.hash,
      scopes: serviceKeys.scopes,
      assistantIds: serviceKeys.assistantIds,
      touchDue: isTouchDue,
    })
    .from(serviceKeys)
    .where(isLive())
    .prepare("list_live_service_keys");
  return (resolutionMs) => statement.execute({ resolutionMs });
}

/** Sets the time of the last use to now where it is older than `resolutionMs` and no other server is setting it. */
export type TouchServiceKeys = (used: { keyIds: string[]; resolutionMs: number }) => Promise<void>;

export function prepareTouchServiceKeys(db: Db): TouchServiceKeys {
  const statement = db
    .update(serviceKeys)
    .set({ lastUsedAt: sql`now()` })
    .where(
      sql`key_id in (
        select key_id from service_keys
        where key_id = any(${sql.placeholder("keyIds")}::uuid[]) and ${isTouchDue}
        for update skip locked
      )`,
    )
    .prepare("touch_service_keys");
  return async (used) => {
    await statement.execute({ ...used });
  };
}
