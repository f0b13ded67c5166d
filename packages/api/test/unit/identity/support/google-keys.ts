import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

export const audience = "client-of-tests.apps.googleusercontent.com";
const keyId = "k1";

type Claims = Record<string, unknown>;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Google's key in these tests: what it serves, and tokens made with it. */
export interface GoogleKey {
  certificates: Record<string, string>;
  sign: (claims: Claims, header?: Claims) => string;
  /** The token with the signature of the symmetric algorithm, the public key being the secret. */
  signAsSecret: (claims: Claims, algorithm: "HS256" | "RS256") => string;
}

export function createGoogleKey(): GoogleKey {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = exportPem(publicKey);
  return {
    certificates: { [keyId]: pem },
    sign: (claims, header = {}) => {
      const signed = `${encode({ alg: "RS256", kid: keyId, typ: "JWT", ...header })}.${encode(claims)}`;
      return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
    },
    signAsSecret: (claims, algorithm) => {
      const signed = `${encode({ alg: algorithm, kid: keyId, typ: "JWT" })}.${encode(claims)}`;
      return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
    },
  };
}

function exportPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

/** A token without a signature. */
export function unsigned(claims: Claims, algorithm: string): string {
  return `${encode({ alg: algorithm, kid: keyId, typ: "JWT" })}.${encode(claims)}.`;
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** Claims as Google makes them for a person. */
export function claimsOfAnn(more: Claims = {}): Claims {
  return {
    iss: "https://accounts.google.com",
    aud: audience,
    sub: "1234567890",
    email: "ann@example.com",
    email_verified: true,
    given_name: "Ann",
    family_name: "Example",
    picture: "https://example.com/ann.png",
    iat: nowSeconds(),
    exp: nowSeconds() + 3600,
    ...more,
  };
}
