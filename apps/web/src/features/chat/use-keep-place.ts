import { useLayoutEffect, useRef, type RefObject } from "react";

interface Front {
  seq: number | undefined;
  element: HTMLElement | null;
  offset: number;
}

/**
 * Keeps what is in view where it is when older messages are put in front of it. Most browsers do so by themselves, but
 * not when the view is at the very top.
 *
 * @param list its first element is the one that older messages are put in front of
 * @param firstSeq goes down when they are
 */
export function useKeepPlace(
  scroller: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
  firstSeq: number | undefined,
): void {
  const front = useRef<Front>({ seq: firstSeq, element: null, offset: 0 });
  useLayoutEffect(() => {
    const view = scroller.current;
    const { seq, element, offset } = front.current;
    const isPushedDown = seq !== undefined && firstSeq !== undefined && firstSeq < seq;
    if (view !== null && element !== null && isPushedDown) {
      const isKeptByBrowser = view.scrollTop > 0 && CSS.supports("overflow-anchor", "auto");
      if (!isKeptByBrowser) view.scrollTop += element.offsetTop - offset;
    }
    const first = list.current?.firstElementChild;
    const newFront = first instanceof HTMLElement ? first : null;
    front.current = { seq: firstSeq, element: newFront, offset: newFront?.offsetTop ?? 0 };
  }, [scroller, list, firstSeq]);
}
