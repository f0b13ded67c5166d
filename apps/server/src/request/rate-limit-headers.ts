import type { RateLimitStatus } from "@deepbot/api/server";

/** The response that will carry the headers. */
interface Recipient {
  headers: Record<string, string>;
  /** The quotas that the request used, each once. */
  rateLimits: readonly RateLimitStatus[];
}

/** Both headers are lists: a batch may use several quotas. Of one quota the last use tells what is left. */
function setHeaders({ headers }: Recipient, uses: readonly RateLimitStatus[]): void {
  headers["RateLimit-Policy"] = uses
    .map(({ policy, quota, windowSeconds }) => `"${policy}";q=${quota};w=${windowSeconds}`)
    .join(", ");
  headers["RateLimit"] = uses
    .map(({ policy, remaining, resetSeconds }) => `"${policy}";r=${remaining};t=${resetSeconds}`)
    .join(", ");
}

/**
 * Tells the client of a quota that its request used, and when to come back if that was too much.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
 */
export function addRateLimit(to: Recipient, use: RateLimitStatus): void {
  to.rateLimits = [...to.rateLimits.filter(({ policy }) => policy !== use.policy), use];
  setHeaders(to, to.rateLimits);
  if (use.refused) to.headers["Retry-After"] = String(use.resetSeconds);
}
