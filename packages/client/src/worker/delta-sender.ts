import { createBackoff } from "../backoff.ts";
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

/** `unsent`: to be sent again. `refused`: no other delta can follow. */
type Sent = { kind: "sent" } | { kind: "unsent" } | { kind: "refused"; code: string };

async function sendNext(backlog: DeltaBacklog, { client, lease, leaseMs }: SenderDeps): Promise<Sent> {
  const delta = backlog.next();
  if (delta === undefined) return { kind: "sent" };
  try {
    const input = { ...lease.key, ...delta, lease_ms: leaseMs };
    const status = await client.worker.append.mutate(input, { signal: callSignal(callTimeoutMs, lease.signal) });
    backlog.confirm();
    if (status.cancel_requested) lease.end("cancelled");
    return { kind: "sent" };
  } catch (error) {
    if (lease.signal.aborted) return { kind: "unsent" };
    const { kind, code } = callFailure(error);
    if (kind === "lease_lost") lease.end("lost");
    return kind === "refused" ? { kind, code } : { kind: "unsent" };
  }
}

/**
 * Sends deltas one at a time and in order. A delta that was not confirmed is sent again under its number. When the platform
 * has lost earlier deltas it refuses the next; the person then gets the answer as a whole.
 */
export function createDeltaSender(deps: SenderDeps): DeltaSender {
  const { lease, log } = deps;
  const { run_id } = lease.key;
  const backlog = createDeltaBacklog();
  const backoff = createBackoff({ minMs: 2 * gatherMs, maxMs: 2_000 });
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> | undefined;

  const send = async (): Promise<void> => {
    const sent = await sendNext(backlog, deps);
    sending = undefined;
    if (sent.kind === "refused") {
      closed = true;
      const fields = { event: "stream_refused", run_id, reason: sent.code };
      log.info(fields, `Run ${run_id} streams no further: ${sent.code}`);
      return;
    }
    if (sent.kind === "sent") backoff.reset();
    if (!backlog.isEmpty()) schedule(sent.kind === "sent" ? gatherMs : backoff.nextMs());
  };
  const schedule = (delayMs: number): void => {
    if (closed || lease.signal.aborted || timer !== undefined || sending !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      sending = send();
    }, delayMs);
  };

  return {
    add: (text) => {
      if (closed) return;
      backlog.add(text);
      schedule(gatherMs);
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await sending;
    },
  };
}
