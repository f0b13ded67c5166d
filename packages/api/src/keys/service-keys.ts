import { limits, type ServiceKeyScope } from "@deepbot/contract";
import type { Facts, ServiceKeyChange, Statements, StoredServiceKey } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { LeaseReleases } from "./release-leases.ts";
import { createSecretToken, serviceKeyPrefix } from "./secret-token.ts";

/** What an operator says about a new key. */
export interface KeyGrant {
  name: string;
  scopes: ServiceKeyScope[];
  /** Slugs; null means all assistants. */
  assistants: string[] | null;
  /** Null means for ever. */
  lifetimeMs: number | null;
}

/** What to change of it. */
export type KeyChange = { [Part in keyof KeyGrant]?: KeyGrant[Part] | undefined };

/** The part of a key that operators decide about, for the audit log. */
function describeGrant({ name, scopes, assistants, expiresAt }: StoredServiceKey): Facts {
  return { name, scopes, assistants, expires_at: expiresAt?.toISOString() ?? null };
}

/** @throws {AppError} `assistant_unknown` */
async function assistantIdsOf(
  { findAssistantIds }: Pick<Statements, "findAssistantIds">,
  slugs: string[] | null,
): Promise<number[] | null> {
  if (slugs === null) return null;
  const ids = await findAssistantIds(slugs);
  return slugs.map((slug) => {
    const id = ids.get(slug);
    if (id === undefined) throw new AppError("assistant_unknown", { assistant: slug });
    return id;
  });
}

async function toStored(
  statements: Pick<Statements, "findAssistantIds">,
  { name, scopes, assistants, lifetimeMs }: KeyChange,
): Promise<ServiceKeyChange> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(assistants === undefined ? {} : { assistantIds: await assistantIdsOf(statements, assistants) }),
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
  };
}

/** The keys of workers, as operators manage them. A revoked key stays on record. */
export function createServiceKeys(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  leaseReleases: LeaseReleases,
) {
  return {
    list: (): Promise<StoredServiceKey[]> => statements.listServiceKeys(limits.keysShown),

    /**
     * Makes a key. The key itself is not stored.
     *
     * @throws {AppError} `key_limit`, `assistant_unknown`
     */
    create: async (userId: number, grant: KeyGrant): Promise<{ key: string; stored: StoredServiceKey }> => {
      const { name, scopes, assistants, lifetimeMs } = grant;
      const { secret, hash, prefix } = createSecretToken(serviceKeyPrefix);
      const assistantIds = await assistantIdsOf(statements, assistants);
      const key = { name, scopes, assistantIds, lifetimeMs, hash, prefix, createdBy: userId };
      const limit = settings.serviceKeysMax;
      const stored = await statements.insertServiceKey({ ...key, limit });
      if (stored === undefined) throw new AppError("key_limit", { limit });
      const { keyId } = stored;
      events.emit({ kind: "service_key_changed", change: "created", userId, keyId, after: describeGrant(stored) });
      return { key: secret, stored };
    },

    /**
     * Changes a key. Runs that it holds and may no longer claim go back to the queue, and its waits end.
     *
     * @throws {AppError} `key_not_found`, `assistant_unknown`
     */
    update: async (userId: number, keyId: string, change: KeyChange): Promise<StoredServiceKey> => {
      const updated = await statements.updateServiceKey(keyId, await toStored(statements, change));
      if (updated === undefined) throw new AppError("key_not_found");
      const [before, after] = [updated.before, updated.after].map(describeGrant);
      events.emit({ kind: "service_key_changed", change: "updated", userId, keyId, before, after });
      await leaseReleases.ofChangedKey(keyId);
      return updated.after;
    },

    /**
     * Ends a key at once: it is refused, its waits end, and its runs go back to the queue.
     *
     * @throws {AppError} `key_not_found`
     */
    revoke: async (userId: number, keyId: string): Promise<void> => {
      const name = await statements.revokeServiceKey(keyId);
      if (name === undefined) throw new AppError("key_not_found");
      events.emit({ kind: "service_key_changed", change: "revoked", userId, keyId, before: { name } });
      await leaseReleases.ofEndedKeys();
    },
  };
}
