/** Limits how long the next piece of a stream may take. */
export interface ReadTimer {
  /** Aborts when a piece took too long. */
  signal: AbortSignal;
  /** Starts the wait for the next piece. */
  start: (timeoutMs: number) => void;
  /** Ends the wait: the piece has arrived, or nothing is expected. */
  stop: () => void;
}

export function createReadTimer(): ReadTimer {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    start: (timeoutMs) => {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(), timeoutMs);
    },
    stop: () => clearTimeout(timer),
  };
}
