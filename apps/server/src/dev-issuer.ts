import type { FetchCertificates } from "@deepbot/api/server";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { z } from "zod";

/** Audience of development tokens. No Google client id looks like it. */
export const devAudience = "deepbot-development";

const keyId = "development";

/** Body of `POST /dev/google-token`. */
export const devTokenInput = z.strictObject({
  sub: z.string().regex(/^[\w.@-]{1,255}$/),
  email: z.email(),
  given_name: z.string().max(200).optional(),
  family_name: z.string().max(200).optional(),
  picture: z.string().max(2000).optional(),
});

export interface DevIssuer {
  fetchCertificates: FetchCertificates;
  /** An RS256 ID token in the shape of Google's, good for an hour and for this process only. */
  mint: (person: z.infer<typeof devTokenInput>) => Promise<string>;
}

/** Stands in for Google while developing: same tokens, same verifier, another key. */
export async function createDevIssuer(): Promise<DevIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const certificates = { [keyId]: await exportSPKI(publicKey) };
  return {
    fetchCertificates: async () => certificates,
    mint: ({ sub, ...claims }) =>
      new SignJWT({ ...claims, email_verified: true })
        .setProtectedHeader({ alg: "RS256", kid: keyId, typ: "JWT" })
        .setIssuer("https://accounts.google.com")
        .setAudience(devAudience)
        .setSubject(sub)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}
