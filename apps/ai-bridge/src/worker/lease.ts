import type { Log } from "@deepbot/runtime";
import { callSignal, type ClaimedRun, type Platform } from "../platform/client.ts";
import { troubleOf } from "../platform/trouble.ts";
import { pause } from "./pause.ts";

/** Why work on a run is over before it is done. */
export type LeaseEnd = "lost" | "cancelled" | "stopping";

/** The right to a run, kept by heartbeats. */
export interface Lease {
  /** Goes with every report. */
  key: { run_id: number; lease_token: string };
  /** Aborts when the lease ends before it is closed. */
  signal: AbortSignal;
  /** Null while the run is the worker's. */
  ended: () => LeaseEnd | null;
  /** Ends it early, for a reason that a report brought to light. */
  end: (why: LeaseEnd) => void;
  /** Ends the heartbeats: the work is done. */
  close: () => void;
}

export interface LeaseDeps {
  platform: Platform;
  leaseMs: number;
  log: Log;
  /** Aborts when the work must be given back. */
  stopping: AbortSignal;
}

/** From one heartbeat to the next, however long it takes: one of them may fail, or hang, without harm. */
const beatMs = (leaseMs: number): number => Math.floor(leaseMs / 3);

/** Sends one heartbeat. Returns why the lease is over; null when it holds, undefined when nobody knows. */
async function beat(key: Lease["key"], { platform, leaseMs, log }: LeaseDeps): Promise<LeaseEnd | null | undefined> {
  try {
    const input = { ...key, lease_ms: leaseMs };
    const status = await platform.worker.heartbeat.mutate(input, { signal: callSignal(beatMs(leaseMs)) });
    return status.cancel_requested ? "cancelled" : null;
  } catch (error) {
    const trouble = troubleOf(error);
    log.debug(
      { event: "heartbeat_failed", run_id: key.run_id, reason: trouble.code },
      `A heartbeat for run ${key.run_id} failed`,
    );
    return trouble.kind === "gone" ? "lost" : undefined;
  }
}

/** Beats until `over` aborts; tells `end` when the lease is over, also when nobody has confirmed it for its length. */
async function keep(
  key: Lease["key"],
  deps: LeaseDeps,
  { end, over }: { end: (why: LeaseEnd) => void; over: AbortSignal },
): Promise<void> {
  let sentAt = performance.now();
  let heldUntil = sentAt + deps.leaseMs;
  for (;;) {
    await pause(Math.max(0, sentAt + beatMs(deps.leaseMs) - performance.now()), over);
    if (over.aborted) return;
    sentAt = performance.now();
    const status = await beat(key, deps);
    if (status === null) heldUntil = sentAt + deps.leaseMs;
    else if (status !== undefined) end(status);
    else if (performance.now() >= heldUntil) end("lost");
  }
}

/** Holds a claimed run by a heartbeat every third of the lease, until it is closed or ends otherwise. */
export function holdLease(run: ClaimedRun, deps: LeaseDeps): Lease {
  const key = { run_id: run.run_id, lease_token: run.lease_token };
  const controller = new AbortController();
  const closing = new AbortController();
  let ended: LeaseEnd | null = null;
  const end = (why: LeaseEnd): void => {
    if (ended !== null || closing.signal.aborted) return;
    ended = why;
    controller.abort();
  };
  const giveBack = (): void => end("stopping");

  deps.stopping.addEventListener("abort", giveBack);
  if (deps.stopping.aborted) giveBack();
  void keep(key, deps, { end, over: AbortSignal.any([closing.signal, controller.signal]) });
  return {
    key,
    signal: controller.signal,
    ended: () => ended,
    end,
    close: () => {
      closing.abort();
      deps.stopping.removeEventListener("abort", giveBack);
    },
  };
}
