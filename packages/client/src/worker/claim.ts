import { limits } from "@deepbot/contract";
import { createBackoff } from "../backoff.ts";
import { callSignal } from "../call-signal.ts";
import type { Failure } from "../failure.ts";
import { pause } from "../pause.ts";
import type { ClaimedRun } from "../wire.ts";
import { callFailure } from "./call-failure.ts";
import { confirmWithinMs } from "./lease.ts";
import type { WorkerLog, WorkerOptions } from "./types.ts";

/** After a failure the first claim waits only this long, so that its response soon shows that the platform is back. */
const probeMs = 500;

/** How long a response may take beyond the wait that was asked for. */
const marginMs = 10_000;

/**
 * Takes up to `max` runs and waits for the first. After a failure it pauses and returns an empty list. A run that was on
 * its way when `stop` aborted stays leased until its lease expires.
 */
export type Claim = (max: number, stop: AbortSignal) => Promise<ClaimedRun[]>;

type ClaimDeps = Pick<
  WorkerOptions,
  "client" | "name" | "assistants" | "concurrency" | "leaseMs" | "historyLimit" | "fallback" | "log"
>;

/** Logs when the connection to the platform is lost or made, not at each attempt. */
function createConnectionLog(log: WorkerLog): {
  failed: (failure: Failure) => void;
  succeeded: () => void;
  isConnected: () => boolean;
} {
  let state = "unknown";
  return {
    failed: ({ kind, code }) => {
      if (state === code) return;
      state = code;
      if (kind === "unavailable") {
        log.warn({ event: "platform_unavailable", reason: code }, `The platform is unavailable (${code}); retrying`);
        return;
      }
      const advice = "check the service key and the settings";
      log.error({ event: "claim_refused", reason: code }, `The platform refuses claims (${code}); ${advice}`);
    },
    succeeded: () => {
      if (state === "connected") return;
      state = "connected";
      log.info({ event: "connected" }, "Connected to the platform; waiting for questions");
    },
    isConnected: () => state === "connected",
  };
}

/** Sends one long poll. Returns undefined when the server ended it early, as a server does that is about to stop. */
async function poll(
  max: number,
  { client, name, assistants, concurrency, leaseMs, historyLimit, fallback }: ClaimDeps,
  { waitMs, stop }: { waitMs: number; stop: AbortSignal },
): Promise<ClaimedRun[] | undefined> {
  const startedAt = performance.now();
  const { runs } = await client.worker.claim.mutate(
    {
      worker: name,
      ...(assistants === undefined ? {} : { assistants: [...assistants] }),
      max,
      wait_ms: waitMs,
      lease_ms: leaseMs,
      confirm_within_ms: confirmWithinMs(leaseMs),
      history_limit: historyLimit,
      fallback,
      capacity: concurrency,
    },
    { signal: callSignal(waitMs + marginMs, stop) },
  );
  return runs.length === 0 && performance.now() - startedAt < waitMs / 2 ? undefined : runs;
}

/** Claims runs by long polls. */
export function createClaim(deps: ClaimDeps): Claim {
  const backoff = createBackoff({ minMs: 100, maxMs: 5_000 });
  const connection = createConnectionLog(deps.log);

  return async (max, stop) => {
    try {
      const runs = await poll(max, deps, { waitMs: connection.isConnected() ? limits.claimWaitMaxMs : probeMs, stop });
      // To ask again at once after an early end would be a busy loop.
      if (runs !== undefined) {
        connection.succeeded();
        backoff.reset();
        return runs;
      }
    } catch (error) {
      if (stop.aborted) return [];
      connection.failed(callFailure(error));
    }
    await pause(backoff.nextMs(), stop);
    return [];
  };
}
