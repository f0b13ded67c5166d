import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** Closer than this to the end counts as there. */
const slackPx = 48;

interface Place {
  scroller: RefObject<HTMLElement | null>;
  content: RefObject<HTMLElement | null>;
  /** Whenever it changes to something, the view goes to the end: a person who sends wants to see what comes. */
  newest: string | undefined;
}

/** Keeps the end in view while content grows, unless the person has scrolled away from it. */
export function useStickToEnd({ scroller, content, newest }: Place): { isAtEnd: boolean; toEnd: () => void } {
  const [isAtEnd, setIsAtEnd] = useState(true);
  const sticks = useRef(true);
  const toEnd = (): void => {
    sticks.current = true;
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };
  useEffect(() => {
    const [view, inner] = [scroller.current, content.current];
    if (view === null || inner === null) return;
    const onScroll = (): void => {
      sticks.current = view.scrollHeight - view.scrollTop - view.clientHeight < slackPx;
      setIsAtEnd(sticks.current);
    };
    const observer = new ResizeObserver(() => {
      if (sticks.current) view.scrollTop = view.scrollHeight;
    });
    observer.observe(inner);
    observer.observe(view);
    view.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      view.removeEventListener("scroll", onScroll);
    };
  }, [scroller, content]);
  useLayoutEffect(() => {
    if (newest === undefined || scroller.current === null) return;
    sticks.current = true;
    scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [newest, scroller]);
  return { isAtEnd, toEnd };
}
