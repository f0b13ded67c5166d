import { createPublicKey } from "node:crypto";
import { isStorable, limits, toStorable } from "@deepbot/contract";
import { OAuth2Client, type Certificates } from "google-auth-library";
import { decodeJwt, decodeProtectedHeader } from "jose";
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

export interface AcceptedToken {
  profile: GoogleProfile;
  /** Domain of the organisation that manages the account; null for personal accounts. */
  hostedDomain: string | null;
  /** What the page that asked for the token passed to Google; null if it passed nothing. */
  nonce: string | null;
  /** The claim `exp`, in seconds. */
  expiresAt: number;
}

export type GoogleVerdict = ({ kind: "accepted" } & AcceptedToken) | { kind: "refused" } | { kind: "no_certificates" };

export type VerifyGoogleToken = (idToken: string) => Promise<GoogleVerdict>;

/** Where the public keys come from: certificates in PEM by key id. */
export type FetchCertificates = () => Promise<Certificates>;

export const googleIssuers = ["https://accounts.google.com", "accounts.google.com"];

/** Google's clock and ours may differ by this much. The library allows the same for `iat` and `exp`. */
const clockSkewSeconds = 300;

/** Google's ID tokens live for an hour, so an older one is no fresh sign-in, whatever its `exp` says. */
const maxTokenAgeSeconds = 3600;

const storable = (max: number) => z.string().min(1).max(max).refine(isStorable);

const name = z
  .string()
  .nullish()
  .transform((text) => toStorable(text ?? "", limits.personNameMax));

/** What can be checked without a key. A token that fails here costs no fetch of certificates. */
const plausibleSchema = z.object({
  header: z.object({ alg: z.literal("RS256"), kid: z.string().min(1).max(200) }),
  claims: z.object({
    iss: z.string(),
    aud: z.string(),
    iat: z.number(),
    exp: z.number(),
    sub: storable(255),
    email: storable(limits.emailMax),
    email_verified: z.literal(true),
    given_name: name,
    family_name: name,
    picture: storable(limits.pictureUrlMax).nullish().catch(null),
    hd: z.string().max(255).nullish(),
    nonce: z.string().max(limits.nonceMax).nullish(),
  }),
});

type Claims = z.infer<typeof plausibleSchema>["claims"];

/** The claims of a token that would be accepted if its signature is right; undefined for any other text. */
function readPlausible(idToken: string, options: { audience: string; issuers: string[] }): Claims | undefined {
  try {
    const { claims } = plausibleSchema.parse({ header: decodeProtectedHeader(idToken), claims: decodeJwt(idToken) });
    const now = Date.now() / 1000;
    const isCurrent = claims.exp + clockSkewSeconds > now && claims.iat - clockSkewSeconds < now;
    const isFresh = claims.iat + maxTokenAgeSeconds + clockSkewSeconds > now;
    const isForUs = claims.aud === options.audience && options.issuers.includes(claims.iss);
    return isCurrent && isFresh && isForUs ? claims : undefined;
  } catch {
    return undefined;
  }
}

const certificatesSchema = z.record(z.string(), z.string());

/** Whether what came holds public keys: an error page or an empty response of a proxy is cached like the real thing. */
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

/** Shares one fetch among all who ask meanwhile, and repeats a failure for `retryAfterMs` without another fetch. */
function shareFetches(fetchOnce: FetchCertificates, retryAfterMs: number): FetchCertificates {
  let pending: Promise<Certificates> | undefined;
  let failed: { error: unknown; until: number } | undefined;
  const start = async (): Promise<Certificates> => {
    try {
      return await fetchOnce();
    } catch (error) {
      failed = { error, until: performance.now() + retryAfterMs };
      throw error;
    } finally {
      pending = undefined;
    }
  };
  return () => {
    if (failed !== undefined && performance.now() < failed.until) return Promise.reject(failed.error);
    return (pending ??= start());
  };
}

/**
 * Google's certificates, kept as long as their `Cache-Control` allows. At most one fetch runs at a time.
 *
 * @param url of the certificates in PEM; Google's own if absent
 * @param retryAfterMs pause after a fetch that failed, in which nothing is fetched
 * @throws when they do not come within `timeoutMs` (the library itself would wait for ever), or are none
 */
export function createCertificateFetcher({
  url,
  timeoutMs,
  retryAfterMs,
}: {
  url?: string | undefined;
  timeoutMs: number;
  retryAfterMs: number;
}): FetchCertificates {
  const createClient = (): OAuth2Client =>
    new OAuth2Client({
      transporterOptions: { timeout: timeoutMs, retryConfig: { retry: 0 } },
      ...(url === undefined ? {} : { endpoints: { oauth2FederatedSignonPemCertsUrl: url } }),
    });
  let client = createClient();
  const fetchOnce: FetchCertificates = async () => {
    const { certs } = await client.getFederatedSignonCertsAsync();
    if (arePublicKeys(certs)) return certs;
    client = createClient();
    throw new Error("The response holds no certificates of Google.");
  };
  return shareFetches(fetchOnce, retryAfterMs);
}

/**
 * Checks signature, key, audience, issuer, age and times of a Google ID token, and that Google knows the e-mail address to
 * be its holder's.
 *
 * @see https://developers.google.com/identity/gsi/web/guides/verify-google-id-token
 */
export function createGoogleVerifier(options: {
  audience: string;
  issuers: string[];
  fetchCertificates: FetchCertificates;
}): VerifyGoogleToken {
  const { audience, issuers, fetchCertificates } = options;
  const client = new OAuth2Client();
  return async (idToken) => {
    const claims = readPlausible(idToken, options);
    if (claims === undefined) return { kind: "refused" };
    const certificates = await fetchCertificates().catch(() => undefined);
    if (certificates === undefined) return { kind: "no_certificates" };
    try {
      await client.verifySignedJwtWithCertsAsync(idToken, certificates, audience, issuers);
    } catch {
      return { kind: "refused" };
    }
    return {
      kind: "accepted",
      profile: {
        subject: claims.sub,
        email: claims.email,
        givenName: claims.given_name,
        familyName: claims.family_name,
        picture: claims.picture ?? null,
      },
      hostedDomain: claims.hd?.toLowerCase() ?? null,
      nonce: claims.nonce ?? null,
      expiresAt: claims.exp,
    };
  };
}
