import type { RunEvent, RunState } from "./wire.ts";

/** An answer while it is being written. */
export interface LiveRun {
  state: RunState;
  attempt: number;
  /** Number of the last delta in `text`. */
  seq: number;
  text: string;
  /** Of a queued run: whether an assistant is there, and the question's place in the line; null until that is known. */
  waiting: { online: boolean; position: number } | null;
  /** A delta is missing, so only a fresh snapshot can repair the text. */
  isTorn: boolean;
}

const torn: LiveRun = { state: "running", attempt: 1, seq: 0, text: "", waiting: null, isTorn: true };

/**
 * Applies an event to the state before it; null before the first event. A repeated delta changes nothing, so that resuming
 * a stream never doubles text. Neither does an event of a type that this version does not know.
 */
export function foldRunEvent(live: LiveRun | null, event: Exclude<RunEvent, { type: "end" }>): LiveRun {
  switch (event.type) {
    case "snapshot": {
      const { state, attempt, seq, text } = event;
      return { state, attempt, seq, text, waiting: null, isTorn: false };
    }
    case "reset":
      return { state: "running", attempt: event.attempt, seq: 0, text: "", waiting: null, isTorn: false };
    case "waiting": {
      const { online, position } = event;
      return { ...(live ?? torn), state: "queued", waiting: { online, position } };
    }
    case "delta":
      if (live === null) return torn;
      if (live.isTorn || event.seq <= live.seq) return live;
      if (event.seq > live.seq + 1) return { ...live, isTorn: true };
      return { ...live, state: "running", seq: event.seq, text: live.text + event.text, waiting: null };
    default:
      return live ?? torn;
  }
}
