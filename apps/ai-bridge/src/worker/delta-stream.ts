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

interface StreamDeps {
  platform: Platform;
  lease: Lease;
  leaseMs: number;
  log: Log;
}

/** What is still to be said, and under which number. */
interface Backlog {
  add: (text: string) => void;
  /** The next piece; the same again until it is known to have arrived. */
  next: () => Outgoing | undefined;
  arrived: () => void;
  isEmpty: () => boolean;
}

function createBacklog(): Backlog {
  let gathered = "";
  let outgoing: Outgoing | undefined;
  let lastSeq = 0;
  return {
    add: (text) => {
      gathered += text;
    },
    next: () => {
      if (outgoing !== undefined) return outgoing;
      const [text, rest] = takePiece(gathered);
      gathered = rest;
      outgoing = text === "" ? undefined : { seq: lastSeq + 1, text };
      return outgoing;
    },
    arrived: () => {
      lastSeq = outgoing?.seq ?? lastSeq;
      outgoing = undefined;
    },
    isEmpty: () => gathered === "" && outgoing === undefined,
  };
}

/** Sends one piece. Returns why there should be no more, if there should not. */
async function sendPiece(backlog: Backlog, { platform, lease, leaseMs }: StreamDeps): Promise<string | undefined> {
  const piece = backlog.next();
  if (piece === undefined) return undefined;
  try {
    const input = { ...lease.key, ...piece, lease_ms: leaseMs };
    const status = await platform.worker.append.mutate(input, { signal: callSignal(callTimeoutMs, lease.signal) });
    backlog.arrived();
    if (status.cancel_requested) lease.end("cancelled");
  } catch (error) {
    if (lease.signal.aborted) return undefined;
    const { kind, code } = troubleOf(error);
    if (kind === "gone") lease.end("lost");
    if (kind === "refused") return code;
  }
  return undefined;
}

/**
 * Sends deltas one after the other, what gathers meanwhile with the next. One that gets lost is sent again under its number.
 * A platform that has lost the deltas before it gets no more: the answer comes as a whole.
 */
export function createDeltaStream(deps: StreamDeps): DeltaStream {
  const { lease, log } = deps;
  const backlog = createBacklog();
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();

  const send = async (): Promise<void> => {
    const code = await sendPiece(backlog, deps);
    if (code !== undefined) {
      over = true;
      const fields = { event: "stream_ended", run_id: lease.key.run_id, reason: code };
      log.info(fields, `The answer to run ${lease.key.run_id} does not stream any more: ${code}`);
    } else if (!backlog.isEmpty()) schedule();
  };
  const schedule = (): void => {
    if (over || lease.signal.aborted || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      sending = send();
    }, gatherMs);
  };

  return {
    add: (text) => {
      if (over) return;
      backlog.add(text);
      schedule();
    },
    close: async () => {
      over = true;
      clearTimeout(timer);
      await sending;
    },
  };
}
