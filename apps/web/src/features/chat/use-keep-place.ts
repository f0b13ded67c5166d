import { useLayoutEffect, useRef, type RefObject } from "react";

/**
 * Keeps what is in view where it is when something is put in front of it. Browsers do so by themselves, but not when
 * the view is at the very top.
 */
export function useKeepPlace(scroller: RefObject<HTMLElement | null>, firstSeq: number | undefined): void {
  const before = useRef({ firstSeq, height: 0, top: 0 });
  useLayoutEffect(() => {
    const view = scroller.current;
    if (view === null) return;
    const known = before.current;
    const hasGrown = known.firstSeq !== undefined && firstSeq !== undefined && firstSeq < known.firstSeq;
    if (hasGrown && view.scrollTop === known.top) view.scrollTop += view.scrollHeight - known.height;
    before.current = { firstSeq, height: view.scrollHeight, top: view.scrollTop };
  });
}
