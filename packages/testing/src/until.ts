import { setTimeout as delay } from "node:timers/promises";

/**
 * Repeats a check every few milliseconds until it returns something other than undefined or false.
 *
 * @param claim what should become true, for the error message
 * @returns what the check returned
 * @throws with the claim when that does not happen within `timeoutMs`, and whatever the check throws
 */
export async function until<T>(
  claim: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`Timed out after ${timeoutMs} ms: ${claim}`);
    await delay(10);
  }
}
