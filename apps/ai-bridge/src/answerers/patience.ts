/** A clock that is set for each wait and aborts a signal when a wait takes too long. */
export interface Patience {
  signal: AbortSignal;
  /** Starts a wait, in place of the one before. */
  expectWithin: (ms: number) => void;
  /** What was waited for is there. */
  rest: () => void;
}

export function createPatience(): Patience {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    expectWithin: (ms) => {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(), ms);
    },
    rest: () => clearTimeout(timer),
  };
}
