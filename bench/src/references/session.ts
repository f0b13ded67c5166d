import { jwtVerify } from "jose";

/** Checks session tokens with jose, its key imported once. */
export async function createSessionCheck(secret: string): Promise<(cookie: string | undefined) => Promise<string>> {
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  return async (cookie = "") => {
    const token = cookie.slice("access_token=".length);
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      requiredClaims: ["sub", "sid", "iat", "exp"],
    });
    return String(payload["sid"]);
  };
}
