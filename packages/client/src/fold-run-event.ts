import type { RunEvent, RunState } from "./wire.ts";

/** An answer while it is being written. */
export interface LiveRun {
  state: RunState;
  attempt: number;
  /** Number of the last delta in `text`. */
  seq: number;
  text: string;
  /** A delta is missing, so only a fresh snapshot can repair the text. */
  isTorn: boolean;
}

/**
 * Applies an event to the state before it; null before the first event. A repeated delta changes nothing, so that resuming
 * a stream never doubles text.
 */
export function foldRunEvent(live: LiveRun | null, event: Exclude<RunEvent, { type: "end" }>): LiveRun {
  switch (event.type) {
    case "snapshot": {
      const { state, attempt, seq, text } = event;
      return { state, attempt, seq, text, isTorn: false };
    }
    case "reset":
      return { state: "running", attempt: event.attempt, seq: 0, text: "", isTorn: false };
    case "delta":
      if (live === null) return { state: "running", attempt: 1, seq: 0, text: "", isTorn: true };
      if (live.isTorn || event.seq <= live.seq) return live;
      if (event.seq > live.seq + 1) return { ...live, isTorn: true };
      return { ...live, state: "running", seq: event.seq, text: live.text + event.text };
  }
}
