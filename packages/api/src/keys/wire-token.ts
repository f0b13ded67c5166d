import type { listTokensOutput } from "@deepbot/contract";
import type { StoredPersonalToken } from "@deepbot/db";
import type { z } from "zod";

type WireToken = z.infer<typeof listTokensOutput>["tokens"][number];

export function toWireToken({
  tokenId,
  name,
  prefix,
  createdAt,
  expiresAt,
  lastUsedAt,
}: StoredPersonalToken): WireToken {
  return {
    token_id: tokenId,
    name,
    prefix,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
  };
}
