import { createContext, use } from "react";

/** Moves the focus to the message field. For buttons that disappear when they are clicked. */
export const ComposerFocusContext = createContext<() => void>(() => {});

export function useComposerFocus(): () => void {
  return use(ComposerFocusContext);
}
