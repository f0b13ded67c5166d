import { createPublicKey } from "node:crypto";
import { OAuth2Client, type Certificates } from "google-auth-library";
import { z } from "zod";

/** What an accepted ID token says of its holder. */
export interface GoogleProfile {
  /** Google's permanent id of the account: the only claim that names it. */
  subject: string;
  email: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
}

export type GoogleVerdict =
  | { kind: "accepted"; profile: GoogleProfile }
  | { kind: "refused" }
  | { kind: "no_certificates" };

export type VerifyGoogleToken = (idToken: string) => Promise<GoogleVerdict>;

/** Where the public keys come from: certificates in PEM by key id. */
export type FetchCertificates = () => Promise<Certificates>;

export const googleIssuers = ["https://accounts.google.com", "accounts.google.com"];

const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().min(1),
  email_verified: z.literal(true),
  given_name: z.string().optional(),
  family_name: z.string().optional(),
  picture: z.string().optional(),
});

const certificatesSchema = z.record(z.string(), z.string());

/** Whether what came holds public keys: an error page or an empty answer of a proxy is cached like the real thing. */
function arePublicKeys(certificates: unknown): certificates is Certificates {
  const parsed = certificatesSchema.safeParse(certificates);
  if (!parsed.success) return false;
  const pems = Object.values(parsed.data);
  try {
    pems.forEach((pem) => createPublicKey(pem));
  } catch {
    return false;
  }
  return pems.length > 0;
}

/**
 * Google's certificates, kept as long as their `Cache-Control` allows.
 *
 * @param url of the certificates in PEM; Google's own if absent
 * @throws when they do not come within `timeoutMs` (the library itself would wait for ever), or are none
 */
export function createCertificateFetcher({
  url,
  timeoutMs,
}: {
  url?: string | undefined;
  timeoutMs: number;
}): FetchCertificates {
  const createClient = (): OAuth2Client =>
    new OAuth2Client({
      transporterOptions: { timeout: timeoutMs, retryConfig: { retry: 0 } },
      ...(url === undefined ? {} : { endpoints: { oauth2FederatedSignonPemCertsUrl: url } }),
    });
  let client = createClient();
  return async () => {
    const { certs } = await client.getFederatedSignonCertsAsync();
    if (arePublicKeys(certs)) return certs;
    client = createClient();
    throw new Error("What came instead of Google's certificates are none.");
  };
}

/**
 * Checks signature, key, audience, issuer and times of a Google ID token, and that Google knows the e-mail address to
 * be its holder's.
 *
 * @see https://developers.google.com/identity/gsi/web/guides/verify-google-id-token
 */
export function createGoogleVerifier(options: {
  audience: string;
  issuers: string[];
  fetchCertificates: FetchCertificates;
}): VerifyGoogleToken {
  const client = new OAuth2Client();
  return async (idToken) => {
    const certificates = await options.fetchCertificates().catch(() => undefined);
    if (certificates === undefined) return { kind: "no_certificates" };
    try {
      const ticket = await client.verifySignedJwtWithCertsAsync(
        idToken,
        certificates,
        options.audience,
        options.issuers,
      );
      const claims = claimsSchema.parse(ticket.getPayload());
      return {
        kind: "accepted",
        profile: {
          subject: claims.sub,
          email: claims.email,
          givenName: claims.given_name ?? null,
          familyName: claims.family_name ?? null,
          picture: claims.picture ?? null,
        },
      };
    } catch {
      return { kind: "refused" };
    }
  };
}
