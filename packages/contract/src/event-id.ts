/** How far a subscriber has read: every delta of one claim epoch up to and including `seq`. */
export interface Position {
  /** Counts the claims of the run; 0 before the first. */
  epoch: number;
  /** Number of the last delta; 0 before the first. */
  seq: number;
}

/** Id of the last event of a run. */
export const endEventId = "end";

/** Id of the event that takes its receiver to a position: `epoch-seq`. */
export function formatEventId({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`;
}

/** The position that an event id names, or undefined if it names none. */
export function parseEventId(id: string | null | undefined): Position | undefined {
  const match = /^(\d{1,9})-(\d{1,9})$/.exec(id ?? "");
  return match === null ? undefined : { epoch: Number(match[1]), seq: Number(match[2]) };
}
