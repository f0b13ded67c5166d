import { jwtVerify, SignJWT } from "jose";

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
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [options.algorithm],
          requiredClaims: ["sub", "sid", "iat", "exp"],
        });
        const { sub } = payload;
        const sid = payload["sid"];
        if (typeof sub !== "string" || !userIdForm.test(sub)) return undefined;
        if (typeof sid !== "string" || !uuid.test(sid)) return undefined;
        const userId = Number(sub);
        return Number.isSafeInteger(userId) ? { userId, sessionId: sid } : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
