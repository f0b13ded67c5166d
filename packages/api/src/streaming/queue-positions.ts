import { limits } from "@deepbot/contract";
import type { Statements } from "@deepbot/db";
import type { Presence } from "../presence/presence.ts";
import type { RunFeeds } from "./run-feed.ts";

/** Most runs are claimed sooner than this, and nobody needs to know their place. */
const patienceMs = 100;
/** How often places are read while somebody watches a queued run. */
const intervalMs = 2_000;

/** Tells those who watch queued runs whether a worker is there and how many questions come first. */
export interface QueuePositions {
  /** Reads what is due, for all watched runs in one statement. */
  tick: () => Promise<void>;
}

export function createQueuePositions({
  statements,
  feeds,
  presence,
}: {
  statements: Pick<Statements, "listQueuePositions">;
  feeds: Pick<RunFeeds, "queued" | "tellWaiting">;
  presence: Pick<Presence, "isOnline" | "onChange">;
}): QueuePositions {
  let readAt = -Infinity;
  presence.onChange({
    isWaiting: () => feeds.queued().length > 0,
    changed: () => {
      readAt = -Infinity;
    },
  });
  return {
    tick: async () => {
      const queued = feeds.queued();
      if (queued.length === 0) return;
      const now = performance.now();
      const isNews = queued.some(({ since, isTold }) => !isTold && now - since >= patienceMs);
      if (!isNews && now - readAt < intervalMs) return;
      readAt = now;
      const runIds = queued.map(({ runId }) => runId);
      for (const { runId, assistantId, position } of await statements.listQueuePositions(
        runIds,
        limits.queuePositionMax,
      )) {
        feeds.tellWaiting(runId, { online: await presence.isOnline(assistantId), position });
      }
    },
  };
}
