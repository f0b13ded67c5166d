import type { Run } from "./message-log.ts";

/** What the watch of a run tells. */
export type RunEvent =
  | { type: "snapshot"; state: Run["state"]; attempt: number; seq: number; text: string }
  | { type: "delta"; seq: number; text: string }
  | { type: "reset"; attempt: number }
  | { type: "end"; run: Run };

/** An answer while it is made. */
export interface LiveRun {
  state: Run["state"];
  attempt: number;
  /** Number of the last piece in `text`. */
  seq: number;
  text: string;
  /** A piece is missing: only a fresh snapshot helps. */
  isTorn: boolean;
}

/**
 * Takes an event in. A piece that is there already changes nothing, so nothing is doubled when a watch comes back;
 * pieces without a snapshot before them are as torn as pieces with a gap.
 */
export function applyEvent(live: LiveRun | null, event: Exclude<RunEvent, { type: "end" }>): LiveRun {
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
