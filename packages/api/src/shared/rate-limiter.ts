/** Who is counted: the id of a user, an address, the name of a key. */
export type RateSubject = string | number;

/** What one request left of the quota of its subject. */
export interface RateUse {
  /** How many more requests pass in this window. */
  remaining: number;
  /** Whole seconds until the window ends, at least 1. */
  resetSeconds: number;
  outcome: "admitted" | "refused" | "refused_first";
}

/** Counts requests in windows of fixed length. The window of a subject begins with its first request. */
export interface RateLimiter {
  consume: (subject: RateSubject) => RateUse;
}

interface Window {
  used: number;
  endsAt: number;
}

/**
 * @param options.maxSubjects how many subjects are remembered: the next one takes the place of the one whose window ends
 *   first, so memory is bounded whatever callers invent
 */
export function createRateLimiter(options: {
  quota: number;
  windowMs: number;
  maxSubjects: number;
  now?: () => number;
}): RateLimiter {
  const { quota, windowMs, maxSubjects, now = () => performance.now() } = options;
  /** By rising end: all windows have one length, and a new one goes to the end. */
  const windows = new Map<RateSubject, Window>();

  const makeRoom = (at: number): void => {
    for (const [subject, { endsAt }] of windows) {
      if (endsAt > at && windows.size < maxSubjects) return;
      windows.delete(subject);
    }
  };

  const windowOf = (subject: RateSubject, at: number): Window => {
    const current = windows.get(subject);
    if (current !== undefined && current.endsAt > at) return current;
    windows.delete(subject);
    makeRoom(at);
    const fresh = { used: 0, endsAt: at + windowMs };
    windows.set(subject, fresh);
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
