import type { ServerResponse } from "node:http";
import type { Log } from "@deepbot/api/server";

/** Answers that are being streamed, on either door. */
export interface OpenStreams {
  add: (res: ServerResponse) => void;
  count: () => number;
  /** Cuts all of them, spread over a moment, so that their clients do not come back all at once. */
  closeAll: () => void;
}

const checkIntervalMs = 5_000;

/** A client that takes nothing for this long is cut off; it resumes when it comes back. */
const stallLimitMs = 30_000;

const closeSpreadMs = 500;

export function createOpenStreams(log: Log): OpenStreams {
  const stalledSince = new Map<ServerResponse, number | null>();

  const check = (): void => {
    const now = performance.now();
    for (const [res, since] of stalledSince) {
      if (!res.writableNeedDrain) stalledSince.set(res, null);
      else if (since === null) stalledSince.set(res, now);
      else if (now - since > stallLimitMs) {
        log.info({ module: "http", event: "stream_stalled" }, "A client that reads nothing is cut off");
        res.destroy();
      }
    }
  };
  setInterval(check, checkIntervalMs).unref();

  return {
    add: (res) => {
      stalledSince.set(res, null);
      res.once("close", () => stalledSince.delete(res));
    },
    count: () => stalledSince.size,
    closeAll: () => {
      for (const res of stalledSince.keys()) setTimeout(() => res.destroy(), Math.random() * closeSpreadMs);
    },
  };
}
