import { AppError } from "../app-error.ts";
import type { Events } from "../events/events.ts";
import { ratePolicies, ratePolicyNames, type RatePolicy, type RateSubject } from "./rate-policies.ts";
import type { Settings } from "../settings.ts";

/** What one request left of the quota of its subject. */
interface RateUse {
  /** How many more requests pass in this window. */
  remaining: number;
  /** Whole seconds until the window ends, at least 1. */
  resetSeconds: number;
  outcome: "admitted" | "refused" | "refused_first";
}

/** Counts requests in windows of fixed length. The window of a subject begins with its first request. */
interface RateLimiter {
  consume: (subject: RateSubject) => RateUse;
}

interface Window {
  used: number;
  endsAt: number;
}

interface Windows {
  find: (subject: RateSubject) => Window | undefined;
  add: (subject: RateSubject, window: Window) => void;
}

/**
 * Windows in two maps. The older map is dropped once all of its windows have ended, or earlier if subjects are too
 * many. A queue in one map would cost more: a map skips its removed entries whenever it is read from the front.
 */
function createWindows({ windowMs, maxSubjects }: { windowMs: number; maxSubjects: number }): Windows {
  let older = new Map<RateSubject, Window>();
  let younger = new Map<RateSubject, Window>();
  let dropAt = -Infinity;
  return {
    find: (subject) => younger.get(subject) ?? older.get(subject),
    add: (subject, window) => {
      if (window.endsAt >= dropAt + windowMs || younger.size >= maxSubjects / 2) {
        older = younger;
        younger = new Map();
        dropAt = window.endsAt;
      }
      younger.set(subject, window);
    },
  };
}

/**
 * @param options.maxSubjects how many subjects are remembered: beyond that the oldest half is forgotten, so memory is
 *   bounded whatever callers invent
 */
export function createRateLimiter(options: {
  quota: number;
  windowMs: number;
  maxSubjects: number;
  now?: () => number;
}): RateLimiter {
  const { quota, windowMs, now = () => performance.now() } = options;
  const windows = createWindows(options);

  const windowOf = (subject: RateSubject, at: number): Window => {
    const current = windows.find(subject);
    if (current !== undefined && current.endsAt > at) return current;
    const fresh = { used: 0, endsAt: at + windowMs };
    windows.add(subject, fresh);
    return fresh;
  };

  return {
    consume: (subject) => {
      const at = now();
      const window = windowOf(subject, at);
      window.used += 1;
      const { used, endsAt } = window;
      const refused = used === quota + 1 ? "refused_first" : "refused";
      return {
        remaining: Math.max(0, quota - used),
        resetSeconds: Math.ceil((endsAt - at) / 1000),
        outcome: used <= quota ? "admitted" : refused,
      };
    },
  };
}

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
