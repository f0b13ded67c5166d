import { createLatch } from "./latch.ts";
import type { FeedNews } from "./run-feeds.ts";

/** News that wait for a watcher who reads slower than they come. */
export interface Inbox {
  put: (news: FeedNews) => void;
  /** The oldest news; `lost` when there were too many to keep, so that the reader starts anew. */
  take: () => FeedNews | "lost" | undefined;
  /** Resolves when there may be something to take, or when it is closed. */
  wait: () => Promise<void>;
  /** Nothing is taken any more. */
  close: () => void;
  isClosed: () => boolean;
}

const maxNews = 256;

/** Half of the longest answer: beyond that a snapshot costs no more than what was missed. */
const maxCharacters = 32 * 1024;

function sizeOf(news: FeedNews): number {
  return news.kind === "deltas" ? news.deltas.reduce((sum, delta) => sum + delta.text.length, 0) : 0;
}

export function createInbox(): Inbox {
  const latch = createLatch();
  let waiting: FeedNews[] = [];
  let characters = 0;
  let lost = false;
  let closed = false;
  return {
    put: (news) => {
      characters += sizeOf(news);
      if (lost || waiting.length >= maxNews || characters > maxCharacters) {
        lost = true;
        waiting = [];
        characters = 0;
      } else waiting.push(news);
      latch.ring();
    },
    take: () => {
      if (lost) {
        lost = false;
        return "lost";
      }
      const news = waiting.shift();
      if (news !== undefined) characters -= sizeOf(news);
      return news;
    },
    wait: async () => {
      await latch.wait({ ms: Infinity, signal: undefined });
    },
    close: () => {
      closed = true;
      latch.ring();
    },
    isClosed: () => closed,
  };
}
