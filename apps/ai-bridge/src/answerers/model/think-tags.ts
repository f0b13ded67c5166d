import type { ModelPart } from "../answerer.ts";
import { textPart } from "./protocol.ts";

const opening = "<think>";
const closing = "</think>";

/** How much of the end of a text may be the beginning of a tag. */
function heldBack(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (tag.startsWith(text.slice(-length))) return length;
  }
  return 0;
}

/**
 * Tells reasoning from text where a server leaves it in the text: between `<think>` and `</think>`, before the answer.
 */
export function createThinkTags(): { split: (piece: string, isLast: boolean) => ModelPart[] } {
  let state: "before" | "inside" | "after" = "before";
  let pending = "";

  const splitBefore = (isLast: boolean): ModelPart[] => {
    const begun = pending.trimStart();
    if (begun.startsWith(opening)) {
      state = "inside";
      pending = begun.slice(opening.length);
      return splitInside(isLast);
    }
    if (opening.startsWith(begun) && !isLast) return [];
    state = "after";
    return splitAfter();
  };
  const splitInside = (isLast: boolean): ModelPart[] => {
    const end = pending.indexOf(closing);
    if (end === -1) {
      const length = pending.length - (isLast ? 0 : heldBack(pending, closing));
      const reasoning = pending.slice(0, length);
      pending = pending.slice(length);
      return textPart("reasoning", reasoning);
    }
    const reasoning = pending.slice(0, end);
    pending = pending.slice(end + closing.length);
    state = "after";
    return [...textPart("reasoning", reasoning), ...splitAfter()];
  };
  const splitAfter = (): ModelPart[] => {
    const text = pending;
    pending = "";
    return textPart("text", text);
  };
  return {
    split: (piece, isLast) => {
      pending += piece;
      switch (state) {
        case "before":
          return splitBefore(isLast);
        case "inside":
          return splitInside(isLast);
        case "after":
          return splitAfter();
      }
    },
  };
}
