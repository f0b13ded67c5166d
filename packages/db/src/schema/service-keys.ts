import { serviceKeyScopes } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import { bigint, check, foreignKey, index, pgTable, text, timestamp, unique, uuid } from "drizzle-orm/pg-core";
import { users } from "./users.ts";

const moment = (name: string) => timestamp(name, { withTimezone: true });

/**
 * Keys of workers. Only the SHA-256 of a key is stored, in hexadecimal. A key without `assistant_ids` serves all assistants.
 * `last_used_at` is exact to a minute. A revoked key is kept, because leases and the audit log name it.
 */
export const serviceKeys = pgTable(
  "service_keys",
  {
    keyId: uuid("key_id").primaryKey().defaultRandom(),
    name: text("name").notNull(),
    hash: text("hash").notNull(),
    /** The beginning of the key, by which people tell keys apart. */
    prefix: text("prefix").notNull(),
    scopes: text("scopes").array().$type<(typeof serviceKeyScopes)[number][]>().notNull(),
    assistantIds: bigint("assistant_ids", { mode: "number" }).array(),
    createdBy: bigint("created_by", { mode: "number" }),
    createdAt: moment("created_at").notNull().defaultNow(),
    expiresAt: moment("expires_at"),
    lastUsedAt: moment("last_used_at"),
    revokedAt: moment("revoked_at"),
  },
  (t) => [
    foreignKey({
      name: "service_keys_created_by_fkey",
      columns: [t.createdBy],
      foreignColumns: [users.userId],
    }).onDelete("set null"),
    unique("service_keys_hash_key").on(t.hash),
    index("service_keys_created_by_idx").on(t.createdBy),
    check(
      "service_keys_scopes_check",
      sql`scopes <@ array[${sql.join(
        serviceKeyScopes.map((scope) => sql`${scope}`),
        sql`, `,
      )}]::text[]`.inlineParams(),
    ),
    check("service_keys_hash_check", sql`hash ~ '^[0-9a-f]{64}$'`),
  ],
);

/** Tokens with which a person's own programs sign in. Only the SHA-256 is stored. An ended token is deleted. */
export const personalTokens = pgTable(
  "personal_tokens",
  {
    tokenId: uuid("token_id").primaryKey().defaultRandom(),
    userId: bigint("user_id", { mode: "number" }).notNull(),
    name: text("name").notNull(),
    hash: text("hash").notNull(),
    prefix: text("prefix").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
    expiresAt: moment("expires_at"),
    lastUsedAt: moment("last_used_at"),
  },
  (t) => [
    foreignKey({ name: "personal_tokens_user_id_fkey", columns: [t.userId], foreignColumns: [users.userId] }).onDelete(
      "cascade",
    ),
    unique("personal_tokens_hash_key").on(t.hash),
    index("personal_tokens_user_id_idx").on(t.userId),
    check("personal_tokens_hash_check", sql`hash ~ '^[0-9a-f]{64}$'`),
  ],
);
