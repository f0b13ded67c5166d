import { callSignal } from "../call-signal.ts";
import { callFailure } from "./call-failure.ts";
import { createDeltaBacklog, type DeltaBacklog } from "./delta-backlog.ts";
import type { Lease } from "./lease.ts";
import type { WorkerOptions } from "./types.ts";

/** Streams an answer to the platform while the lease holds. */
export interface DeltaSender {
  /** Adds text; it is sent together with whatever follows within the next moment. */
  add: (text: string) => void;
  /** Stops sending; the rest comes with the whole answer. Resolves when no request is under way. */
  close: () => Promise<void>;
}

/** How long pieces are gathered before they are sent as one delta. */
const gatherMs = 40;

const callTimeoutMs = 5_000;

interface SenderDeps extends Pick<WorkerOptions, "client" | "leaseMs" | "log"> {
  lease: Lease;
}

/** Sends one delta. Returns the code with which the platform refused it, if it did: then no more can follow. */
async function sendNext(backlog: DeltaBacklog, { client, lease, leaseMs }: SenderDeps): Promise<string | undefined> {
  const delta = backlog.next();
  if (delta === undefined) return undefined;
  try {
    const input = { ...lease.key, ...delta, lease_ms: leaseMs };
    const status = await client.worker.append.mutate(input, { signal: callSignal(callTimeoutMs, lease.signal) });
    backlog.confirm();
    if (status.cancel_requested) lease.end("cancelled");
  } catch (error) {
    if (lease.signal.aborted) return undefined;
    const { kind, code } = callFailure(error);
    if (kind === "lease_lost") lease.end("lost");
    if (kind === "refused") return code;
  }
  return undefined;
}

/**
 * Sends deltas one at a time and in order. A delta that was not confirmed is sent again under its number. When the platform
 * has lost earlier deltas it refuses the next; the person then gets the answer as a whole.
 */
export function createDeltaSender(deps: SenderDeps): DeltaSender {
  const { lease, log } = deps;
  const { run_id } = lease.key;
  const backlog = createDeltaBacklog();
  let closed = false;
  /** Set until the request that it started is over, so that no second one starts beside it. */
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> = Promise.resolve();

  const send = async (): Promise<void> => {
    const code = await sendNext(backlog, deps);
    timer = undefined;
    if (code === undefined) {
      if (!backlog.isEmpty()) schedule();
      return;
    }
    closed = true;
    log.info({ event: "stream_refused", run_id, reason: code }, `Run ${run_id} streams no further: ${code}`);
  };
  const schedule = (): void => {
    if (closed || lease.signal.aborted || timer !== undefined) return;
    timer = setTimeout(() => {
      sending = send();
    }, gatherMs);
  };

  return {
    add: (text) => {
      if (closed) return;
      backlog.add(text);
      schedule();
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await sending;
    },
  };
}
