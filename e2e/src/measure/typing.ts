import type { Page } from "playwright-core";

/** In milliseconds. */
export interface Delays {
  /** Number of keys. */
  count: number;
  /** From a key press to the next frame. */
  p95: number;
  worst: number;
  /** Durations of tasks that blocked the page for more than 50 ms. */
  longTasks: number[];
}

interface TypingMonitor {
  /** The delays since the last call. */
  take: () => Promise<Delays>;
}

interface Records {
  keys: number[];
  longTasks: number[];
}

/** Runs in the page: records how long each key waits for the next frame, and long tasks. */
function recordDelays(records: Records): void {
  Reflect.set(window, "typingRecords", records);
  new PerformanceObserver((list) => {
    records.longTasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: "longtask" });
  addEventListener(
    "keydown",
    ({ timeStamp }) => {
      // The task after the frame's callbacks runs when the frame has been painted.
      requestAnimationFrame(() => setTimeout(() => records.keys.push(performance.now() - timeStamp)));
    },
    { capture: true },
  );
}

export async function startTypingMonitor(page: Page): Promise<TypingMonitor> {
  await page.evaluate(recordDelays, { keys: [], longTasks: [] });
  return {
    take: async () => {
      const { keys, longTasks } = await page.evaluate(() => {
        const records = Reflect.get(window, "typingRecords") as Records;
        return { keys: records.keys.splice(0), longTasks: records.longTasks.splice(0) };
      });
      const sorted = keys.toSorted((a, b) => a - b);
      const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
      return { count: keys.length, p95, worst: sorted.at(-1) ?? 0, longTasks };
    },
  };
}
