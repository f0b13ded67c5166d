import { createContext, use } from "react";

/** Puts the cursor where one writes: for buttons that vanish when they have done their work. */
export const ComposerFocusContext = createContext<() => void>(() => {});

export function useComposerFocus(): () => void {
  return use(ComposerFocusContext);
}
