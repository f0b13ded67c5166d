import type { Page } from "playwright-core";

/** In milliseconds. */
export interface Delays {
  /** How many keys. */
  count: number;
  /** From a key until the frame after it. */
  p95: number;
  worst: number;
  /** Of tasks that held the page up for more than 50. */
  longTasks: number[];
}

interface TypingWatch {
  /** What was noted since the last time. */
  take: () => Promise<Delays>;
}

interface Notes {
  keys: number[];
  longTasks: number[];
}

/** Runs in the page: notes how long each key waits for the screen, and what holds the page up. */
function watchKeys(notes: Notes): void {
  Reflect.set(window, "typingNotes", notes);
  new PerformanceObserver((list) => {
    notes.longTasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: "longtask" });
  addEventListener(
    "keydown",
    ({ timeStamp }) => {
      // The task after the frame's own callbacks: by then it is painted.
      requestAnimationFrame(() => setTimeout(() => notes.keys.push(performance.now() - timeStamp)));
    },
    { capture: true },
  );
}

export async function startTypingWatch(page: Page): Promise<TypingWatch> {
  await page.evaluate(watchKeys, { keys: [], longTasks: [] });
  return {
    take: async () => {
      const { keys, longTasks } = await page.evaluate(() => {
        const notes = Reflect.get(window, "typingNotes") as Notes;
        return { keys: notes.keys.splice(0), longTasks: notes.longTasks.splice(0) };
      });
      const sorted = keys.toSorted((a, b) => a - b);
      const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
      return { count: keys.length, p95, worst: sorted.at(-1) ?? 0, longTasks };
    },
  };
}
