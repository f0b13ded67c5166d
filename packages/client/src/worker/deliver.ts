import { createBackoff } from "../backoff.ts";
import { callSignal } from "../call-signal.ts";
import type { Failure } from "../failure.ts";
import { pause } from "../pause.ts";
import { callFailure } from "./call-failure.ts";
import type { Lease } from "./lease.ts";
import type { WorkerLog } from "./types.ts";

const callTimeoutMs = 10_000;

/** After these the same report may be taken later. */
const passing: readonly Failure["kind"][] = ["unavailable", "signed_out"];

/** Sends a report on a run. Sending it twice is harmless: the lease token identifies the attempt. */
export type SendReport = (signal: AbortSignal) => Promise<unknown>;

/**
 * Repeats a report until the platform takes or refuses it. Returns false when the lease ended before either.
 */
export async function deliver(send: SendReport, { lease, log }: { lease: Lease; log: WorkerLog }): Promise<boolean> {
  const backoff = createBackoff({ minMs: 100, maxMs: 2_000 });
  const { run_id } = lease.key;
  while (!lease.signal.aborted) {
    try {
      await send(callSignal(callTimeoutMs, lease.signal));
      return true;
    } catch (error) {
      if (lease.signal.aborted) return false;
      const { kind, code } = callFailure(error);
      if (!passing.includes(kind)) {
        log.warn({ event: "report_refused", run_id, reason: code }, `The report on run ${run_id} was refused: ${code}`);
        return true;
      }
      log.debug(
        { event: "report_unsent", run_id },
        `The report on run ${run_id} was not delivered (${code}); retrying`,
      );
    }
    await pause(backoff.nextMs(), lease.signal);
  }
  return false;
}
