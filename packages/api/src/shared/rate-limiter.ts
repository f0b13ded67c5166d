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

interface Windows {
  find: (subject: RateSubject) => Window | undefined;
  add: (subject: RateSubject, window: Window) => void;
}

/**
 * Windows in two generations. The older one is dropped once all of its windows have ended, or earlier if subjects are too
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
