import type { ServerResponse } from "node:http";
import type { Log } from "@deepbot/api/server";
import { timing } from "@deepbot/contract";

export interface StallGuard {
  /** Watches a response. @returns a function to be called once, when the response is over */
  watch: (res: ServerResponse) => () => void;
}

export interface StallLimits {
  /** A client that takes nothing of what waits for it for this long is cut off. */
  stallMs: number;
  /** So is one that has not taken the whole response by then. */
  responseMaxMs: number;
  checkIntervalMs: number;
}

const defaultLimits: StallLimits = {
  stallMs: 30_000,
  responseMaxMs: timing.streamMaxMs,
  checkIntervalMs: 5_000,
};

interface Watched {
  res: ServerResponse;
  /** Its place among the open ones. */
  index: number;
  /** Whether `drained` is told of the response's progress. Most responses are over before anybody asks. */
  followed: boolean;
  /** Bytes that waited for the client at the last check. */
  waiting: number;
  /** Whether all of them have been taken since, although more may wait by now. */
  drained: boolean;
  /** When the client last took something, or nothing waited for it; by `performance.now()`. */
  progressAt: number;
  /** When the response was first seen to have begun. */
  begunAt: number | null;
}

function follow(watched: Watched): void {
  watched.followed = true;
  watched.res.on("drain", () => {
    watched.drained = true;
  });
}

function isStalled(watched: Watched, { stallMs, responseMaxMs }: StallLimits): boolean {
  const { res } = watched;
  const now = performance.now();
  // A response without a socket waits for the one before it on the same connection.
  const waiting = res.socket === null ? 0 : res.writableLength;
  if (waiting === 0 || watched.drained || waiting < watched.waiting) watched.progressAt = now;
  watched.waiting = waiting;
  watched.drained = false;
  if (!watched.followed) follow(watched);
  if (res.headersSent) watched.begunAt ??= now;
  return now - watched.progressAt > stallMs || now - (watched.begunAt ?? now) > responseMaxMs;
}

/** Cuts off clients that have stopped reading their responses, event streams included: what waits for them is memory. */
export function createStallGuard(log: Log, limits: StallLimits = defaultLimits): StallGuard {
  // Not a map: one that loses and gains entries all the time makes garbage that keeps its former entries alive.
  const open: Watched[] = [];
  const check = (): void => {
    for (const watched of open) {
      if (watched.res.destroyed || !isStalled(watched, limits)) continue;
      log.info({ module: "http", event: "response_stalled" }, "A client has stopped reading a response and is cut off");
      watched.res.destroy();
    }
  };
  setInterval(check, limits.checkIntervalMs).unref();
  return {
    watch: (res) => {
      const { length: index } = open;
      const watched = {
        res,
        index,
        followed: false,
        waiting: 0,
        drained: false,
        progressAt: performance.now(),
        begunAt: null,
      };
      open.push(watched);
      return () => {
        const last = open.pop();
        if (last === undefined || last === watched) return;
        last.index = watched.index;
        open[last.index] = last;
      };
    },
  };
}
