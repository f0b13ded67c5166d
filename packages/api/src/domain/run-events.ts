import type { RunState } from "./run-outcome.ts";

/** How far a watcher has come: all deltas of a generation up to a number. */
export interface Position {
  generation: number;
  seq: number;
}

/** Id of the event after which there is none. */
export const endEventId = "end";

/** The id of an event names the position that its receiver has reached. */
export function eventIdOf({ generation, seq }: Position): string {
  return `${generation}-${seq}`;
}

/** Reads an event id; undefined for anything that is none, which gets a fresh snapshot and no error. */
export function parseEventId(id: string | null | undefined): Position | undefined {
  const found = /^(\d{1,9})-(\d{1,9})$/.exec(id ?? "");
  return found === null ? undefined : { generation: Number(found[1]), seq: Number(found[2]) };
}

/** What a watcher of a run gets, in this order: snapshot, then deltas and resets, then one end. */
export type RunEvent<Run> =
  | { type: "snapshot"; state: RunState; attempt: number; seq: number; text: string }
  | { type: "delta"; seq: number; text: string }
  | { type: "reset"; attempt: number }
  | { type: "end"; run: Run };
