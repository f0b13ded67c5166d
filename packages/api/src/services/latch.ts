/** A door bell with memory: a ring while nobody waits is not lost. */
export interface Latch {
  ring: () => void;
  /** Resolves with the next ring, at once if one came since the last; with false when `ms` or the signal comes first. `ms` may be Infinity. */
  wait: (options: { ms: number; signal: AbortSignal | undefined }) => Promise<boolean>;
  /** Whether it was rung since the last wait. Forgets the ring. */
  take: () => boolean;
}

export function createLatch(): Latch {
  let rung = false;
  let answer: (() => void) | undefined;
  const take = (): boolean => {
    const result = rung;
    rung = false;
    return result;
  };
  return {
    take,
    ring: () => {
      rung = true;
      answer?.();
    },
    wait: ({ ms, signal }) =>
      new Promise((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", finish);
          answer = undefined;
          resolve(take());
        };
        const timer = ms === Infinity ? undefined : setTimeout(finish, Math.max(0, ms));
        signal?.addEventListener("abort", finish);
        answer = finish;
        if (rung || signal?.aborted) finish();
      }),
  };
}
