import { setTimeout as delay } from "node:timers/promises";

/**
 * Looks every few milliseconds until `look` gives something other than undefined or false.
 *
 * @throws with `what` when that does not happen within `timeoutMs`
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
    await delay(10);
  }
}
