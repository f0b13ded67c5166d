import { jwtVerify, SignJWT, type JWTPayload } from "jose";

export const sessionAlgorithms = ["HS256", "HS384", "HS512"] as const;
export type SessionAlgorithm = (typeof sessionAlgorithms)[number];

export interface SessionClaims {
  userId: number;
  sessionId: string;
}

export interface SessionTokens {
  sign: (claims: SessionClaims) => Promise<string>;
  /** Returns undefined for a token that is not ours, was changed, has expired or lacks a claim. */
  verify: (token: string) => Promise<SessionClaims | undefined>;
}

const userIdForm = /^[1-9]\d*$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** How many verified tokens a process remembers: those of people who are active at the same time. */
const rememberedTokens = 10_000;

interface VerifiedToken {
  claims: SessionClaims;
  /** The claim `exp`, in seconds. */
  expiresAt: number;
}

interface VerifiedTokens {
  find: (token: string) => SessionClaims | undefined;
  add: (token: string, verified: VerifiedToken) => void;
}

/**
 * Tokens that were verified before. A signature stays good, so only the expiry is looked at again. What was refused is not
 * remembered: nobody without the key can fill this.
 */
function createVerifiedTokens(): VerifiedTokens {
  const known = new Map<string, VerifiedToken>();
  return {
    find: (token) => {
      const verified = known.get(token);
      if (verified === undefined || verified.expiresAt > Math.floor(Date.now() / 1000)) return verified?.claims;
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
function claimsOf({ sub, sid, exp }: JWTPayload): VerifiedToken | undefined {
  if (typeof sub !== "string" || !userIdForm.test(sub)) return undefined;
  if (typeof sid !== "string" || !uuid.test(sid)) return undefined;
  const userId = Number(sub);
  if (!Number.isSafeInteger(userId) || exp === undefined) return undefined;
  return { claims: { userId, sessionId: sid }, expiresAt: exp };
}

/**
 * JWTs of the cookie `access_token`: `sub` is the user's id as text, `sid` names the session's row, and `iat` and `exp`
 * are in seconds. A valid token is not enough: its session must be alive too.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8725 why the algorithm is pinned and `exp` required
 */
export function createSessionTokens(options: {
  secret: string;
  algorithm: SessionAlgorithm;
  lifetimeMs: number;
}): SessionTokens {
  const key = new TextEncoder().encode(options.secret);
  const verifiedTokens = createVerifiedTokens();
  return {
    sign: ({ userId, sessionId }) => {
      const issuedAt = Math.floor(Date.now() / 1000);
      return new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: options.algorithm, typ: "JWT" })
        .setSubject(String(userId))
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + Math.floor(options.lifetimeMs / 1000))
        .sign(key);
    },
    verify: async (token) => {
      const known = verifiedTokens.find(token);
      if (known !== undefined) return known;
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [options.algorithm],
          requiredClaims: ["sub", "sid", "iat", "exp"],
        });
        const verified = claimsOf(payload);
        if (verified !== undefined) verifiedTokens.add(token, verified);
        return verified?.claims;
      } catch {
        return undefined;
      }
    },
  };
}
