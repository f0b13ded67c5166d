import type { Log } from "@deepbot/runtime";
import { callSignal } from "../platform/client.ts";
import { troubleOf } from "../platform/trouble.ts";
import { createBackoff } from "./backoff.ts";
import type { Lease } from "./lease.ts";
import { pause } from "./pause.ts";

const callTimeoutMs = 10_000;

/** A report on a run; may be sent more than once. */
export type Report = (signal: AbortSignal) => Promise<unknown>;

/**
 * Sends a report until the platform takes or refuses it: a repeat is harmless, for the lease token tells it from
 * another worker's. Returns whether that is settled; false means that the lease ended first.
 */
export async function deliver(report: Report, { lease, log }: { lease: Lease; log: Log }): Promise<boolean> {
  const backoff = createBackoff({ minMs: 100, maxMs: 2_000 });
  const { run_id } = lease.key;
  while (!lease.signal.aborted) {
    try {
      await report(callSignal(callTimeoutMs, lease.signal));
      return true;
    } catch (error) {
      if (lease.signal.aborted) return false;
      const { kind, code } = troubleOf(error);
      if (kind !== "away") {
        log.warn({ event: "report_refused", run_id, reason: code }, `The report on run ${run_id} was refused: ${code}`);
        return true;
      }
      log.debug({ event: "report_unsent", run_id }, `The report on run ${run_id} did not get through; trying again`);
    }
    await pause(backoff.nextMs(), lease.signal);
  }
  return false;
}
