import { createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { respondJson, startCertificateServer, type CertificateServer } from "@deepbot/testing";

/** Stands in for Google: keys, the address that serves them, and tokens signed with them. */
export interface FakeGoogle extends CertificateServer {
  /** From now on the certificates are answered as they should be. */
  recover: () => void;
  sign: (claims: Record<string, unknown>) => string;
}

export const clientId = "client-of-tests.apps.googleusercontent.com";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Claims as Google makes them for a person. */
export function googleClaims(more: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: "https://accounts.google.com",
    aud: clientId,
    sub: "1234567890",
    email: "ann@example.com",
    email_verified: true,
    given_name: "Ann",
    jti: randomUUID(),
    iat: now,
    exp: now + 3600,
    ...more,
  };
}

export async function startFakeGoogle(): Promise<FakeGoogle> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const answerWell = respondJson({ k1: publicKey.export({ type: "spki", format: "pem" }) });
  const server = await startCertificateServer(answerWell);
  return {
    ...server,
    recover: () => server.answerWith(answerWell),
    sign: (claims) => {
      const signed = `${encode({ alg: "RS256", kid: "k1", typ: "JWT" })}.${encode(claims)}`;
      return `${signed}.${createSign("sha256").update(signed).sign(privateKey, "base64url")}`;
    },
  };
}
