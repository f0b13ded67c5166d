/** An auto-reset event: a `set` while nobody waits is remembered for the next wait. */
export interface Signal {
  set: () => void;
  /**
   * Resolves with true at the next `set`, or at once if one came since the last wait; with false when `ms` pass or the abort
   * signal fires first. `ms` may be Infinity. One waiter at a time.
   */
  wait: (options: { ms: number; signal: AbortSignal | undefined }) => Promise<boolean>;
  /** Resets it. Returns whether it was set. */
  consume: () => boolean;
}

export function createSignal(): Signal {
  let isSet = false;
  let wake: (() => void) | undefined;
  const consume = (): boolean => {
    const wasSet = isSet;
    isSet = false;
    return wasSet;
  };
  return {
    consume,
    set: () => {
      isSet = true;
      wake?.();
    },
    wait: ({ ms, signal }) =>
      new Promise((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", finish);
          wake = undefined;
          resolve(consume());
        };
        const timer = ms === Infinity ? undefined : setTimeout(finish, Math.max(0, ms));
        signal?.addEventListener("abort", finish);
        wake = finish;
        if (isSet || signal?.aborted) finish();
      }),
  };
}
