import type { Log } from "@deepbot/runtime";
import { callSignal, type Platform } from "../platform/client.ts";
import { troubleOf } from "../platform/trouble.ts";
import type { Lease } from "./lease.ts";

/** Lets the user see an answer grow, while its platform lease holds. */
export interface DeltaStream {
  /** Adds what the model said; it is sent with what comes in the next moment. */
  add: (text: string) => void;
  /** Ends the stream; what was not sent yet comes with the whole answer. Resolves when nothing is on its way any more. */
  close: () => Promise<void>;
}

/** Time in which pieces gather before they are sent together. */
const gatherMs = 40;

const callTimeoutMs = 5_000;

/** The platform's limit on one delta, in code points; a unit of a string is one at most. */
const deltaMaxLength = 8 * 1024;

interface Outgoing {
  seq: number;
  text: string;
}

/** Takes a piece that can be sent from the front of a text: not too long, and no half of a surrogate pair at its end. */
function takePiece(text: string): [piece: string, rest: string] {
  let end = Math.min(text.length, deltaMaxLength);
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  return [text.slice(0, end).replaceAll("\0", "").toWellFormed(), text.slice(end)];
}

/**
 * Sends deltas one after the other, what gathers meanwhile with the next. One that gets lost is sent again under its number.
 * A platform that has lost the deltas before it gets no more: the answer comes as a whole.
 */
export function createDeltaStream({
  platform,
  lease,
  leaseMs,
  log,
}: {
  platform: Platform;
  lease: Lease;
  leaseMs: number;
  log: Log;
}): DeltaStream {
  let gathered = "";
  let outgoing: Outgoing | undefined;
  let lastSeq = 0;
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();

  const nextOutgoing = (): Outgoing | undefined => {
    if (outgoing !== undefined) return outgoing;
    const [text, rest] = takePiece(gathered);
    gathered = rest;
    return text === "" ? undefined : { seq: lastSeq + 1, text };
  };
  const giveUp = (code: string): void => {
    over = true;
    const fields = { event: "stream_ended", run_id: lease.key.run_id, reason: code };
    log.info(fields, `The answer to run ${lease.key.run_id} does not stream any more: ${code}`);
  };
  const send = async (): Promise<void> => {
    outgoing = nextOutgoing();
    if (outgoing === undefined) return;
    try {
      const input = { ...lease.key, ...outgoing, lease_ms: leaseMs };
      const status = await platform.worker.append.mutate(input, { signal: callSignal(callTimeoutMs, lease.signal) });
      lastSeq = outgoing.seq;
      outgoing = undefined;
      if (status.cancel_requested) lease.end("cancelled");
    } catch (error) {
      if (lease.signal.aborted) return;
      const { kind, code } = troubleOf(error);
      if (kind === "gone") lease.end("lost");
      else if (kind === "refused") giveUp(code);
    }
  };
  const tick = (): void => {
    timer = undefined;
    sending = send().then(() => {
      if (gathered !== "" || outgoing !== undefined) schedule();
    });
  };
  const schedule = (): void => {
    if (over || lease.signal.aborted) return;
    timer ??= setTimeout(tick, gatherMs);
  };

  return {
    add: (text) => {
      if (over) return;
      gathered += text;
      schedule();
    },
    close: async () => {
      over = true;
      clearTimeout(timer);
      await sending;
    },
  };
}
