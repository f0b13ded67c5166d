import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";

/** Bytes that wait for a reader of the output; lines beyond them are lost, and counted. */
const bufferMax = 4 * 1024 * 1024;

/** How long a line may wait to be written. Waiting lines are lost if the process is killed. */
const flushIntervalMs = 100;

/** How long the end of a process waits for a reader. */
const flushLimitMs = 1_000;

/** Standard output for log lines. A reader that is too slow, or gone, never makes the process wait. */
export interface LogOutput {
  stream: Stream;
  /** Lines that were lost so far. */
  dropped: () => number;
  /** Calls back when lines can be written again after some were lost. */
  onRecovered: (callback: (lost: number) => void) => void;
  /** Resolves when everything is written, or after a second. */
  flush: () => Promise<void>;
}

/** How often a flush that holds everything up tries again, 100 ms later each time. */
const syncRetries = 5;

type Stream = ReturnType<typeof pino.destination>;

/** A stream to standard output. pino flushes it when the process exits, and after a fatal line. */
function openStream(): Stream {
  // Makes a pipe non-blocking. A blocked write would hold a thread of the pool for ever, and the end of the process with it.
  void process.stdout;
  let retriesLeft = Infinity;
  const stream = pino.destination({
    dest: 1,
    sync: false,
    // Each write is a job of the thread pool, which costs more than making the line: lines are collected for a while.
    minLength: 16_000,
    periodicFlush: flushIntervalMs,
    maxLength: bufferMax,
    retryEAGAIN: () => retriesLeft-- > 0,
  });
  const flushSync = stream.flushSync.bind(stream);
  stream.flushSync = () => {
    retriesLeft = syncRetries;
    try {
      flushSync();
    } catch {
      // The reader is stuck.
    } finally {
      retriesLeft = Infinity;
    }
  };
  // Nobody reads any more; the program goes on.
  stream.on("error", () => {});
  return stream;
}

/** Opens standard output. Lines that are still buffered when the process ends by itself are written then. */
export function openLogOutput(): LogOutput {
  const stream = openStream();
  let dropped = 0;
  let reported = 0;
  stream.on("drop", () => (dropped += 1));
  return {
    stream,
    dropped: () => dropped,
    onRecovered: (callback) => {
      stream.on("drain", () => {
        const lost = dropped - reported;
        reported = dropped;
        if (lost > 0) callback(lost);
      });
    },
    flush: async () => {
      const written = new Promise<void>((resolve) => stream.flush(() => resolve()));
      await Promise.race([written, delay(flushLimitMs, undefined, { ref: false })]);
    },
  };
}
