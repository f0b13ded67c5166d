/** Pauses between tries of something that does not work, longer with each. */
export interface Backoff {
  /** Milliseconds to wait before the next try. */
  nextMs: () => number;
  /** To be called when it works again. */
  reset: () => void;
}

/** Pauses double from `minMs` to `maxMs`; up to half of each is left to chance, so that many workers spread out. */
export function createBackoff({ minMs, maxMs }: { minMs: number; maxMs: number }, random = Math.random): Backoff {
  let tries = 0;
  return {
    nextMs: () => {
      const wholeMs = Math.min(maxMs, minMs * 2 ** tries);
      tries += 1;
      return wholeMs * (1 - random() / 2);
    },
    reset: () => {
      tries = 0;
    },
  };
}
