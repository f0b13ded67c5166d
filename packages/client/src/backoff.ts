/** Growing pauses between attempts at something that fails. */
export interface Backoff {
  /** Milliseconds to wait before the next attempt. */
  nextMs: () => number;
  /** To be called after a success. */
  reset: () => void;
}

/** Pauses double from `minMs` to `maxMs`. Up to half of each is random, so that many clients spread out. */
export function createBackoff({ minMs, maxMs }: { minMs: number; maxMs: number }, random = Math.random): Backoff {
  let attempts = 0;
  return {
    nextMs: () => {
      const fullMs = Math.min(maxMs, minMs * 2 ** attempts);
      attempts += 1;
      return fullMs * (1 - random() / 2);
    },
    reset: () => {
      attempts = 0;
    },
  };
}
