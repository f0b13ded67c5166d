import {
  createCertificateFetcher,
  createGoogleVerifier,
  googleIssuers,
  type VerifyGoogleToken,
} from "@deepbot/api/server";
import { timing } from "@deepbot/contract";
import type { Config } from "./config.ts";
import { createDevIssuer, devAudience, type DevIssuer } from "./plugins/dev-sign-in.ts";

const certificateTimeoutMs = 5_000;

/** As long as a 503 asks clients to wait. */
const certificateRetryMs = timing.retryAfterSeconds * 1000;

/** The source of ID tokens. */
export interface Issuer {
  verifyGoogleToken: VerifyGoogleToken;
  /** During development only: the server issues ID tokens itself. */
  devIssuer: DevIssuer | undefined;
}

/** Google, or during development the server's own keys behind the same verifier. */
export async function createIssuer(issuer: Config["issuer"]): Promise<Issuer> {
  if (issuer.kind === "google") {
    const fetchCertificates = createCertificateFetcher({
      url: issuer.certificatesUrl,
      timeoutMs: certificateTimeoutMs,
      retryAfterMs: certificateRetryMs,
    });
    const options = { audience: issuer.clientId, issuers: googleIssuers, fetchCertificates };
    return { verifyGoogleToken: createGoogleVerifier(options), devIssuer: undefined };
  }
  const devIssuer = await createDevIssuer();
  const { fetchCertificates } = devIssuer;
  const options = { audience: devAudience, issuers: googleIssuers, fetchCertificates };
  return { verifyGoogleToken: createGoogleVerifier(options), devIssuer };
}
