import {
  createCertificateFetcher,
  createGoogleVerifier,
  googleIssuers,
  type VerifyGoogleToken,
} from "@deepbot/api/server";
import type { Config } from "./config.ts";
import { createDevIssuer, devAudience, type DevIssuer } from "./dev-issuer.ts";

const certificateTimeoutMs = 5_000;

/** Who vouches for people: Google's keys, or while developing the server's own, behind the same verifier. */
export async function createIssuer(
  issuer: Config["issuer"],
): Promise<{ verifyGoogleToken: VerifyGoogleToken; devIssuer: DevIssuer | undefined }> {
  if (issuer.kind === "google") {
    const fetchCertificates = createCertificateFetcher({
      url: issuer.certificatesUrl,
      timeoutMs: certificateTimeoutMs,
    });
    const options = { audience: issuer.clientId, issuers: googleIssuers, fetchCertificates };
    return { verifyGoogleToken: createGoogleVerifier(options), devIssuer: undefined };
  }
  const devIssuer = await createDevIssuer();
  const { fetchCertificates } = devIssuer;
  const options = { audience: devAudience, issuers: googleIssuers, fetchCertificates };
  return { verifyGoogleToken: createGoogleVerifier(options), devIssuer };
}
