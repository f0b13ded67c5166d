import { createHmac } from "node:crypto";
import { decodeProtectedHeader, jwtVerify, SignJWT, type JWTPayload } from "jose";
import type { SessionUser } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import { noteIdentity } from "../request-scope.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { Credential } from "./credential-watch.ts";

export const sessionAlgorithms = ["HS256", "HS384", "HS512"] as const;
export type SessionAlgorithm = (typeof sessionAlgorithms)[number];

export interface SessionClaims {
  userId: number;
  sessionId: string;
}

export interface VerifiedClaims extends SessionClaims {
  /** Whether more than half of the token's lifetime is over, so that a new one should take its place. */
  renewalDue: boolean;
}

export interface SessionTokens {
  sign: (claims: SessionClaims) => Promise<string>;
  /** Returns undefined for a token that is not ours, was changed, has expired or lacks a claim. */
  verify: (token: string) => Promise<VerifiedClaims | undefined>;
}

const userIdForm = /^[1-9]\d*$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** How many verified tokens a process remembers: those of people who are active at the same time. */
const rememberedTokens = 10_000;

interface VerifiedToken {
  claims: SessionClaims;
  /** The claims `iat` and `exp`, in seconds. */
  issuedAt: number;
  expiresAt: number;
}

interface VerifiedTokens {
  find: (token: string) => VerifiedToken | undefined;
  add: (token: string, verified: VerifiedToken) => void;
}

/**
 * Tokens that were verified before. A signature stays good, so only the expiry is looked at again. Refused tokens
 * are not remembered: nobody without the key can fill this.
 */
function createVerifiedTokens(): VerifiedTokens {
  const known = new Map<string, VerifiedToken>();
  return {
    find: (token) => {
      const verified = known.get(token);
      if (verified === undefined || verified.expiresAt > Math.floor(Date.now() / 1000)) return verified;
      known.delete(token);
      return undefined;
    },
    add: (token, verified) => {
      const [oldest] = known.keys();
      if (known.size >= rememberedTokens && oldest !== undefined) known.delete(oldest);
      known.set(token, verified);
    },
  };
}

/** What our own tokens say; undefined when a claim is not of the form that we give it. */
function claimsOf({ sub, sid, iat, exp }: JWTPayload): VerifiedToken | undefined {
  if (typeof sub !== "string" || !userIdForm.test(sub)) return undefined;
  if (typeof sid !== "string" || !uuid.test(sid)) return undefined;
  const userId = Number(sub);
  if (!Number.isSafeInteger(userId) || iat === undefined || exp === undefined) return undefined;
  return { claims: { userId, sessionId: sid }, issuedAt: iat, expiresAt: exp };
}

function describeVerified({ claims, issuedAt, expiresAt }: VerifiedToken): VerifiedClaims {
  return { ...claims, renewalDue: Date.now() / 1000 > (issuedAt + expiresAt) / 2 };
}

interface SigningKey {
  /** Names the key in a token's header, and says nothing about it that the signature does not. */
  id: string;
  bytes: Uint8Array;
}

function keyOf(secret: string): SigningKey {
  const id = createHmac("sha256", secret).update("kid").digest("base64url").slice(0, 11);
  return { id, bytes: new TextEncoder().encode(secret) };
}

/** The keys that a token may be signed with: the one that it names, or any if it is from a time when none was named. */
function keysFor(token: string, keys: readonly SigningKey[]): readonly SigningKey[] {
  const { kid } = decodeProtectedHeader(token);
  return kid === undefined ? keys : keys.filter(({ id }) => id === kid);
}

/**
 * JWTs of the session cookie: `sub` is the user's id as text, `sid` names the session's row, and `iat` and `exp` are in
 * seconds. `kid` names the secret. A valid token is not enough: its session must be alive too.
 *
 * @param options `secrets`: the first signs, each verifies
 * @see https://www.rfc-editor.org/rfc/rfc8725 why the algorithm is pinned and `exp` required
 */
export function createSessionTokens(options: {
  secrets: readonly [string, ...string[]];
  algorithm: SessionAlgorithm;
  lifetimeMs: number;
}): SessionTokens {
  const [signingSecret] = options.secrets;
  const signingKey = keyOf(signingSecret);
  const keys = options.secrets.map(keyOf);
  const verifiedTokens = createVerifiedTokens();

  const verifyWith = async (token: string, { bytes }: SigningKey): Promise<VerifiedToken | undefined> => {
    const { payload } = await jwtVerify(token, bytes, {
      algorithms: [options.algorithm],
      requiredClaims: ["sub", "sid", "iat", "exp"],
    });
    return claimsOf(payload);
  };
  return {
    sign: ({ userId, sessionId }) => {
      const issuedAt = Math.floor(Date.now() / 1000);
      return new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: options.algorithm, typ: "JWT", kid: signingKey.id })
        .setSubject(String(userId))
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + Math.floor(options.lifetimeMs / 1000))
        .sign(signingKey.bytes);
    },
    verify: async (token) => {
      const known = verifiedTokens.find(token);
      if (known !== undefined) return describeVerified(known);
      try {
        const verified = await Promise.any(keysFor(token, keys).map((key) => verifyWith(token, key)));
        if (verified === undefined) return undefined;
        verifiedTokens.add(token, verified);
        return describeVerified(verified);
      } catch {
        return undefined;
      }
    },
  };
}

/** How exact the stored last-seen time of a session is, at most: a session costs one write in this time. */
export const lastSeenResolutionMs = 5 * 60_000;

/** The person of a request. */
export interface AuthenticatedUser extends Pick<
  SessionUser,
  "userId" | "mail" | "givenName" | "familyName" | "picture"
> {
  /** Null with a personal token. */
  sessionId: string | null;
  credential: Credential;
  /** Time since the sign-in, by the database's clock; null with a personal token. */
  ageMs: number | null;
  /** A token that should take the place of the presented one; undefined while that is fresh enough. */
  renewedToken: string | undefined;
}

export interface Authentication {
  /**
   * The user of a live session.
   *
   * @throws {AppError} `unauthenticated` without a token, `session_invalid` with a bad one
   */
  authenticate: (token: string | undefined) => Promise<AuthenticatedUser>;
  /**
   * For what a copied cookie alone must not do. A personal token was made after a recent sign-in.
   *
   * @throws {AppError} `sign_in_again` when the session began too long ago
   */
  requireRecentSignIn: (user: Pick<AuthenticatedUser, "ageMs">) => void;
  /** @throws {AppError} `operator_only` unless the person's address is one of `ADMIN_EMAILS` */
  requireAdmin: (user: Pick<AuthenticatedUser, "mail">) => void;
  /** Stores which sessions were seen: one statement for all of them, none if there were none. */
  touchSessions: () => Promise<void>;
}

export function createAuthentication(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  sessionTokens: SessionTokens,
): Authentication {
  const seen = new Set<string>();
  // A short idle limit needs last-seen times that are more exact.
  const resolutionMs = Math.min(lastSeenResolutionMs, settings.sessionIdleMs / 10);

  const findUser = async (token: string): Promise<(AuthenticatedUser & SessionUser) | undefined> => {
    const claims = await sessionTokens.verify(token);
    if (claims === undefined) return undefined;
    const { sessionId, userId, renewalDue } = claims;
    const user = await statements.findSession({ sessionId, resolutionMs });
    if (user?.userId !== userId) return undefined;
    const renewedToken = renewalDue ? await sessionTokens.sign(claims) : undefined;
    return { ...user, credential: `session:${sessionId}`, renewedToken };
  };

  return {
    authenticate: async (token) => {
      if (!token) throw new AppError("unauthenticated");
      const user = await findUser(token);
      if (user === undefined) {
        events.emit({ kind: "access_refused", credential: "session", reason: "session_invalid" });
        throw new AppError("session_invalid");
      }
      const { touchDue, ...person } = user;
      if (touchDue) seen.add(person.sessionId);
      noteIdentity({ userId: person.userId, sessionId: person.sessionId });
      return person;
    },
    requireRecentSignIn: ({ ageMs }) => {
      if (ageMs !== null && ageMs > settings.recentSignInMs) throw new AppError("sign_in_again");
    },
    requireAdmin: ({ mail }) => {
      if (settings.adminEmails.includes(mail.toLowerCase())) return;
      events.emit({ kind: "access_refused", credential: "session", reason: "operator_only" });
      throw new AppError("operator_only");
    },
    touchSessions: async () => {
      if (seen.size === 0) return;
      const sessionIds = [...seen];
      // Sessions that a failed statement leaves out are seen again with their next request.
      seen.clear();
      const { sessionIdleMs: idleMs, sessionMaxAgeMs: maxAgeMs } = settings;
      await statements.touchSessions({ sessionIds, resolutionMs, idleMs, maxAgeMs });
    },
  };
}
