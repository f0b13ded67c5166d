import { callSignal } from "../call-signal.ts";
import { pause } from "../pause.ts";
import type { ClaimedRun } from "../wire.ts";
import { callFailure } from "./call-failure.ts";
import type { WorkerOptions } from "./types.ts";

/** Why work on a run stops before it is finished. */
export type LeaseEnd = "lost" | "cancelled" | "stopping";

/** The exclusive right to answer a run, renewed by heartbeats. */
export interface Lease {
  /** Goes with every report. */
  key: { run_id: number; lease_token: string };
  /** Aborts when the lease ends before `close`. */
  signal: AbortSignal;
  /** Null while the run belongs to this worker. */
  ended: () => LeaseEnd | null;
  /** Ends the lease for a reason that a report brought to light. */
  end: (why: LeaseEnd) => void;
  /** Stops the heartbeats because the work is done. */
  close: () => void;
}

export interface LeaseDeps extends Pick<WorkerOptions, "client" | "leaseMs" | "log"> {
  /** Aborts when unfinished runs must be released. */
  stopping: AbortSignal;
}

/** A third of the lease, so that one heartbeat may fail or hang without harm. */
const heartbeatIntervalMs = (leaseMs: number): number => Math.floor(leaseMs / 3);

/** Within this time after a claim a first report must reach the platform, or it gives the run to another worker. */
export const confirmWithinMs = (leaseMs: number): number => Math.min(5_000, leaseMs);

/** Until then answers that come fast have confirmed the run, or ended it, without a heartbeat. */
const firstHeartbeatMs = (leaseMs: number): number => Math.floor(confirmWithinMs(leaseMs) / 5);

/** Sends one heartbeat. Returns why the lease is over, null when it was renewed, undefined when that is unknown. */
async function sendHeartbeat(
  key: Lease["key"],
  { client, leaseMs, log }: LeaseDeps,
  timeoutMs: number,
): Promise<LeaseEnd | null | undefined> {
  try {
    const signal = callSignal(timeoutMs);
    const status = await client.worker.heartbeat.mutate({ ...key, lease_ms: leaseMs }, { signal });
    return status.cancel_requested ? "cancelled" : null;
  } catch (error) {
    const { kind, code } = callFailure(error);
    const fields = { event: "heartbeat_failed", run_id: key.run_id, reason: code };
    log.debug(fields, `The heartbeat for run ${key.run_id} failed: ${code}`);
    return kind === "lease_lost" ? "lost" : undefined;
  }
}

/**
 * Sends heartbeats until `over` aborts: often until one has confirmed the claim, then seldom. A lease that nobody confirmed
 * for its whole length counts as lost.
 */
async function keepAlive(
  key: Lease["key"],
  deps: LeaseDeps,
  { end, over }: { end: (why: LeaseEnd) => void; over: AbortSignal },
): Promise<void> {
  const { leaseMs } = deps;
  let intervalMs = firstHeartbeatMs(leaseMs);
  let sentAt = performance.now();
  // An answer that is streamed confirms the lease too, which is not known here.
  let heldUntil = sentAt + leaseMs;
  for (;;) {
    await pause(Math.max(0, sentAt + intervalMs - performance.now()), over);
    if (over.aborted) return;
    sentAt = performance.now();
    const status = await sendHeartbeat(key, deps, intervalMs);
    if (status === null) {
      heldUntil = sentAt + leaseMs;
      intervalMs = heartbeatIntervalMs(leaseMs);
    } else if (status !== undefined) end(status);
    else if (performance.now() >= heldUntil) end("lost");
  }
}

/** Holds a claimed run until `close`, or until the lease ends otherwise. */
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
  const stop = (): void => end("stopping");

  deps.stopping.addEventListener("abort", stop);
  if (deps.stopping.aborted) stop();
  void keepAlive(key, deps, { end, over: AbortSignal.any([closing.signal, controller.signal]) });
  return {
    key,
    signal: controller.signal,
    ended: () => ended,
    end,
    close: () => {
      closing.abort();
      deps.stopping.removeEventListener("abort", stop);
    },
  };
}
