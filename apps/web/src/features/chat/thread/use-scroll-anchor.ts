import { useLayoutEffect, useRef, type RefObject } from "react";

interface Anchor {
  seq: number | undefined;
  element: HTMLElement | null;
  offset: number;
}

/**
 * Keeps the visible messages in place when older ones are inserted above them. Browsers with scroll anchoring do this
 * themselves, except when the view is scrolled to the very top.
 *
 * @param list older messages are inserted before its first element
 * @param firstSeq number of the first message; it decreases when older ones are inserted
 */
export function useScrollAnchor(
  scroller: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
  firstSeq: number | undefined,
): void {
  const anchor = useRef<Anchor>({ seq: firstSeq, element: null, offset: 0 });
  useLayoutEffect(() => {
    const view = scroller.current;
    const { seq, element, offset } = anchor.current;
    const wasPushedDown = seq !== undefined && firstSeq !== undefined && firstSeq < seq;
    if (view !== null && element !== null && wasPushedDown) {
      const isKeptByBrowser = view.scrollTop > 0 && CSS.supports("overflow-anchor", "auto");
      if (!isKeptByBrowser) view.scrollTop += element.offsetTop - offset;
    }
    const first = list.current?.firstElementChild;
    const newAnchor = first instanceof HTMLElement ? first : null;
    anchor.current = { seq: firstSeq, element: newAnchor, offset: newAnchor?.offsetTop ?? 0 };
  }, [scroller, list, firstSeq]);
}
