import type { WireServiceKey } from "@deepbot/contract";
import type { StoredServiceKey } from "@deepbot/db";

export function toWireKey(key: StoredServiceKey): WireServiceKey {
  return {
    key_id: key.keyId,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    assistants: key.assistants,
    created_by: key.createdBy,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}
