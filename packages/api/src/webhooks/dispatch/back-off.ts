/** Attempts at one delivery: the last comes some eight hours after the first. */
export const deliveryAttempts = 8;

const firstRetryMs = 5_000;
const retryFactor = 4;

const firstPauseMs = 1_000;
const longestPauseMs = 300_000;

/** Up to a fifth more or less, so that what failed together does not return together. */
const spread = (ms: number, random: number): number => Math.round(ms * (0.8 + 0.4 * random));

/**
 * The wait after a failed attempt; null when it was the last.
 *
 * @param attempt 1 for the first
 * @param random from 0 to 1
 */
export function retryDelayMs(attempt: number, random: number = Math.random()): number | null {
  if (attempt >= deliveryAttempts) return null;
  return spread(firstRetryMs * retryFactor ** (attempt - 1), random);
}

/**
 * How long a webhook gets no questions after pushes that failed.
 *
 * @param failures in a row
 */
export function pushPauseMs(failures: number, random: number = Math.random()): number {
  return spread(Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1)), random);
}
