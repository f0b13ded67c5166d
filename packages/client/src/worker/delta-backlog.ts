import { limits } from "@deepbot/contract";
import { cleanText } from "./answer-text.ts";

export interface Delta {
  /** From 1 with each claim, without gaps. */
  seq: number;
  text: string;
}

/** Text of an answer that the platform does not have yet. */
export interface DeltaBacklog {
  add: (text: string) => void;
  /** The next delta to send; the same one until it is confirmed. Undefined when there is nothing to send. */
  next: () => Delta | undefined;
  /** The platform has the delta that `next` returned last. */
  confirm: () => void;
  isEmpty: () => boolean;
}

/** Where to cut so that the delta is not too long and does not end inside a surrogate pair. */
function cutIndex(text: string): number {
  // The limit counts code points; a code point has at least one UTF-16 unit.
  const end = Math.min(text.length, limits.deltaMaxCharacters);
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

export function createDeltaBacklog(): DeltaBacklog {
  let pending = "";
  let unconfirmed: Delta | undefined;
  let lastSeq = 0;
  return {
    add: (text) => {
      pending += text;
    },
    next: () => {
      if (unconfirmed !== undefined) return unconfirmed;
      const end = cutIndex(pending);
      const text = cleanText(pending.slice(0, end));
      pending = pending.slice(end);
      unconfirmed = text === "" ? undefined : { seq: lastSeq + 1, text };
      return unconfirmed;
    },
    confirm: () => {
      lastSeq = unconfirmed?.seq ?? lastSeq;
      unconfirmed = undefined;
    },
    isEmpty: () => pending === "" && unconfirmed === undefined,
  };
}
