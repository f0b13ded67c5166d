import { and, count, desc, eq, gt, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { personalTokens, users } from "../schema/index.ts";
import { prepareDecoded, type BigintCell } from "./prepare-decoded.ts";

/** A personal token as its owner sees it. */
export interface StoredPersonalToken {
  tokenId: string;
  name: string;
  prefix: string;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

const tokenColumns = {
  tokenId: personalTokens.tokenId,
  name: personalTokens.name,
  prefix: personalTokens.prefix,
  createdAt: personalTokens.createdAt,
  expiresAt: personalTokens.expiresAt,
  lastUsedAt: personalTokens.lastUsedAt,
};

const isLive = () => or(isNull(personalTokens.expiresAt), gt(personalTokens.expiresAt, sql`now()`));

export interface NewPersonalToken {
  userId: number;
  name: string;
  /** SHA-256 of the token, in hexadecimal. */
  hash: string;
  prefix: string;
  /** Null means for ever. */
  lifetimeMs: number | null;
}

/** Inserts a token in place of those that have expired; undefined when the user has `limit` live ones or does not exist. */
export type InsertPersonalToken = (
  token: NewPersonalToken & { limit: number },
) => Promise<StoredPersonalToken | undefined>;

export function prepareInsertPersonalToken(db: Db): InsertPersonalToken {
  return ({ limit, lifetimeMs, ...token }) =>
    db.transaction(async (tx) => {
      const ofUser = eq(personalTokens.userId, token.userId);
      const [user] = await tx
        .select({ userId: users.userId })
        .from(users)
        .where(eq(users.userId, token.userId))
        .for("no key update")
        .prepare("lock_user")
        .execute();
      await tx
        .delete(personalTokens)
        .where(and(ofUser, sql`expires_at <= now()`))
        .prepare("delete_expired_tokens")
        .execute();
      const [live] = await tx
        .select({ total: count() })
        .from(personalTokens)
        .where(ofUser)
        .prepare("count_personal_tokens")
        .execute();
      if (user === undefined || live === undefined || live.total >= limit) return undefined;
      const expiresAt = sql`now() + ${lifetimeMs}::float8 * interval '1 millisecond'`;
      const [inserted] = await tx
        .insert(personalTokens)
        .values({ ...token, expiresAt })
        .returning(tokenColumns)
        .prepare("insert_personal_token")
        .execute();
      return inserted;
    });
}

/** A user's tokens, the newest first. */
export type ListPersonalTokens = (userId: number) => Promise<StoredPersonalToken[]>;

export function prepareListPersonalTokens(db: Db): ListPersonalTokens {
  const statement = db
    .select(tokenColumns)
    .from(personalTokens)
    .where(eq(personalTokens.userId, sql.placeholder("userId")))
    .orderBy(desc(personalTokens.createdAt), desc(personalTokens.tokenId))
    .prepare("list_personal_tokens");
  return (userId) => statement.execute({ userId });
}

/** Deletes a user's token. Returns false when the user has no such token. */
export type DeletePersonalToken = (token: { userId: number; tokenId: string }) => Promise<boolean>;

export function prepareDeletePersonalToken(db: Db): DeletePersonalToken {
  const statement = db
    .delete(personalTokens)
    .where(
      and(eq(personalTokens.tokenId, sql.placeholder("tokenId")), eq(personalTokens.userId, sql.placeholder("userId"))),
    )
    .returning({ tokenId: personalTokens.tokenId })
    .prepare("delete_personal_token");
  return async (token) => (await statement.execute({ ...token })).length > 0;
}

/** The user of a request with a token. */
export interface TokenUser {
  userId: number;
  tokenId: string;
  mail: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
  /** Whether the stored time of its last use is at least `resolutionMs` old. */
  touchDue: boolean;
}

type TokenCells = [
  userId: BigintCell,
  tokenId: string,
  mail: string,
  givenName: string | null,
  familyName: string | null,
  picture: string | null,
  touchDue: boolean,
];

function decodeTokenUser([userId, tokenId, mail, givenName, familyName, picture, touchDue]: TokenCells): TokenUser {
  return { userId: Number(userId), tokenId, mail, givenName, familyName, picture, touchDue };
}

/** The user of a live token; undefined when it was ended, has expired, or its user was blocked. */
export type FindPersonalToken = (wanted: { hash: string; resolutionMs: number }) => Promise<TokenUser | undefined>;

const isTouchDue = sql`(
  last_used_at is null or last_used_at <= now() - ${sql.placeholder("resolutionMs")}::float8 * interval '1 millisecond'
)`;

export function prepareFindPersonalToken(db: Db): FindPersonalToken {
  const query = db
    .select({
      userId: users.userId,
      tokenId: personalTokens.tokenId,
      mail: users.mail,
      givenName: users.givenName,
      familyName: users.familyName,
      picture: users.picture,
      touchDue: isTouchDue,
    })
    .from(personalTokens)
    .innerJoin(users, eq(users.userId, personalTokens.userId))
    .where(and(eq(personalTokens.hash, sql.placeholder("hash")), isLive(), isNull(users.blockedAt)));
  const execute = prepareDecoded(db, query, { name: "find_personal_token", decode: decodeTokenUser });
  return async (wanted) => (await execute({ ...wanted })).at(0);
}

/** Those of the given tokens that were ended or have expired, and those of blocked users. */
export type ListEndedTokens = (tokenIds: string[]) => Promise<string[]>;

export function prepareListEndedTokens(db: Db): ListEndedTokens {
  const statement = db
    .select({ tokenId: personalTokens.tokenId })
    .from(personalTokens)
    .innerJoin(users, eq(users.userId, personalTokens.userId))
    .where(
      and(
        sql`${personalTokens.tokenId} = any(${sql.placeholder("tokenIds")}::uuid[])`,
        isLive(),
        isNull(users.blockedAt),
      ),
    )
    .prepare("list_ended_tokens");
  return async (tokenIds) => {
    const live = new Set((await statement.execute({ tokenIds })).map((row) => row.tokenId));
    return tokenIds.filter((tokenId) => !live.has(tokenId));
  };
}

/** Sets the time of the last use to now where it is older than `resolutionMs` and no other server is setting it. */
export type TouchPersonalTokens = (used: { tokenIds: string[]; resolutionMs: number }) => Promise<void>;

export function prepareTouchPersonalTokens(db: Db): TouchPersonalTokens {
  const statement = db
    .update(personalTokens)
    .set({ lastUsedAt: sql`now()` })
    .where(
      sql`token_id in (
        select token_id from personal_tokens
        where token_id = any(${sql.placeholder("tokenIds")}::uuid[]) and ${isTouchDue}
        for update skip locked
      )`,
    )
    .prepare("touch_personal_tokens");
  return async (used) => {
    await statement.execute({ ...used });
  };
}
