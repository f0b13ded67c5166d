import { limits } from "@deepbot/contract";
import { createSignal } from "../shared/signal.ts";
import type { RunNews } from "./run-feed.ts";

/** News of a run that wait for a subscriber who reads more slowly than they arrive. */
export interface SubscriberBuffer {
  put: (news: RunNews) => void;
  /** Removes the oldest news; `overflow` once after too many arrived, so that the subscriber starts from a snapshot. */
  take: () => RunNews | "overflow" | undefined;
  /** Resolves when there may be something to take, or when the buffer is closed. */
  wait: () => Promise<void>;
  close: () => void;
  isClosed: () => boolean;
}

const maxNews = 256;

/** Half of the longest answer: beyond that a snapshot costs no more than the missed deltas. */
const maxCharacters = limits.answerMaxBytes / 2;

function sizeOf(news: RunNews): number {
  return news.kind === "deltas" ? news.deltas.reduce((sum, { event }) => sum + event.text.length, 0) : 0;
}

export function createSubscriberBuffer(): SubscriberBuffer {
  const changed = createSignal();
  let waiting: RunNews[] = [];
  let characters = 0;
  let overflowed = false;
  let closed = false;
  return {
    put: (news) => {
      characters += sizeOf(news);
      if (overflowed || waiting.length >= maxNews || characters > maxCharacters) {
        overflowed = true;
        waiting = [];
        characters = 0;
      } else waiting.push(news);
      changed.set();
    },
    take: () => {
      if (overflowed) {
        overflowed = false;
        return "overflow";
      }
      const news = waiting.shift();
      if (news !== undefined) characters -= sizeOf(news);
      return news;
    },
    wait: async () => {
      await changed.wait({ ms: Infinity, signal: undefined });
    },
    close: () => {
      closed = true;
      changed.set();
    },
    isClosed: () => closed,
  };
}
