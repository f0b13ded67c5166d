import { AppError } from "./app-error.ts";
import type { Events } from "./events/events.ts";
import { ratePolicies, ratePolicyNames, type RatePolicy } from "./rate-policies.ts";
import type { Settings } from "./settings.ts";
import { createRateLimiter, type RateLimiter, type RateSubject, type RateUse } from "./shared/rate-limiter.ts";

/**
 * How many subjects a policy remembers in this process: at most about 10 MB. Strangers can fill the policies that count
 * addresses, and nobody else's.
 */
const maxSubjects = 50_000;

/** What a client is told of its quota. */
export interface RateLimitStatus extends Pick<RateUse, "remaining" | "resetSeconds"> {
  policy: RatePolicy;
  /** Of this process. */
  quota: number;
  windowSeconds: number;
  refused: boolean;
}

export interface RateCount {
  policy: RatePolicy;
  subject: RateSubject;
  /** Told of the quota, whether the request is refused or not. */
  report: (status: RateLimitStatus) => void;
}

export interface RateLimits {
  /**
   * Counts one request.
   *
   * @throws {AppError} `too_many_requests`
   */
  count: (request: RateCount) => void;
}

/** The part of a quota that one server grants. Rounded down, so that all servers together never grant more than the quota. */
function shareOf(quota: number, servers: number): number {
  return Math.max(1, Math.floor(quota / servers));
}

/** Counts in the memory of this process, which takes its share of each quota. */
export function createRateLimits(
  { settings, events }: { settings: Pick<Settings, "rateLimits" | "servers">; events: Events },
  now?: () => number,
): RateLimits {
  const { rateLimits, servers } = settings;
  const limiters = new Map<RatePolicy, { quota: number; limiter: RateLimiter }>();
  for (const policy of ratePolicyNames) {
    const quota = shareOf(rateLimits[policy], servers);
    const windowMs = ratePolicies[policy].windowSeconds * 1000;
    const clock = now === undefined ? {} : { now };
    limiters.set(policy, { quota, limiter: createRateLimiter({ quota, windowMs, maxSubjects, ...clock }) });
  }
  return {
    count: ({ policy, subject, report }) => {
      const counted = limiters.get(policy);
      if (counted === undefined) return;
      const { quota, limiter } = counted;
      const { remaining, resetSeconds, outcome } = limiter.consume(subject);
      const { by, windowSeconds } = ratePolicies[policy];
      const refused = outcome !== "admitted";
      report({ policy, quota, windowSeconds, remaining, resetSeconds, refused });
      if (!refused) return;
      events.emit({ kind: "rate_limited", policy, by, subject, first: outcome === "refused_first" });
      throw new AppError("too_many_requests", { policy, retry_after: resetSeconds });
    },
  };
}
