import { jwtVerify } from "jose";

/** Returns the id of the session that a cookie names. */
export type SessionCheck = (cookie: string | undefined) => Promise<string>;

interface Verified {
  sessionId: string;
  /** In seconds. */
  expiresAt: number;
}

/** Checks session tokens with jose, its key imported once. */
async function createVerify(secret: string): Promise<(token: string) => Promise<Verified>> {
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  return async (token) => {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      requiredClaims: ["sub", "sid", "iat", "exp"],
    });
    return { sessionId: String(payload["sid"]), expiresAt: payload.exp ?? 0 };
  };
}

/** The value of the last cookie. A token holds no `=`. */
const tokenOf = (cookie = ""): string => cookie.slice(cookie.lastIndexOf("=") + 1);

/** Verifies a token with each request. */
export async function createSessionCheck(secret: string): Promise<SessionCheck> {
  const verify = await createVerify(secret);
  return async (cookie) => (await verify(tokenOf(cookie))).sessionId;
}

/** Verifies a token once, as the server does; later requests check its expiry only. */
export async function createRememberingSessionCheck(secret: string): Promise<SessionCheck> {
  const verify = await createVerify(secret);
  const known = new Map<string, Verified>();
  return async (cookie) => {
    const token = tokenOf(cookie);
    const found = known.get(token) ?? (await verify(token));
    if (found.expiresAt * 1000 <= Date.now()) throw new Error("The token has expired");
    known.set(token, found);
    return found.sessionId;
  };
}
