import { randomUUID } from "node:crypto";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import type { FetchCertificates } from "../../src/identity/google.ts";

export const testAudience = "client-id-of-tests";

/** Stands in for Google's keys: mints ID tokens and serves the certificate that verifies them. */
export interface GoogleKeys {
  fetchCertificates: FetchCertificates;
  mint: (claims: Record<string, unknown>) => Promise<string>;
}

export async function createGoogleKeys(): Promise<GoogleKeys> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const certificates = { "key-1": await exportSPKI(publicKey) };
  return {
    fetchCertificates: async () => certificates,
    mint: (claims) =>
      new SignJWT({ email_verified: true, ...claims })
        .setProtectedHeader({ alg: "RS256", kid: "key-1" })
        .setIssuer("https://accounts.google.com")
        .setAudience(testAudience)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}
