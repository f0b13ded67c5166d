import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** Closer than this to the end counts as there. */
const slackPx = 48;

/** A scroll so soon after somebody has touched wheel, screen or keys is theirs; any other is the layout's. */
const gestureMs = 1_000;

const gestures = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

interface Place {
  scroller: RefObject<HTMLElement | null>;
  content: RefObject<HTMLElement | null>;
  /** Whenever it changes to something, the view goes to the end: a person who sends wants to see what comes. */
  newest: string | undefined;
}

function scrollToEnd(view: HTMLElement): void {
  view.scrollTop = view.scrollHeight;
}

/** Keeps the end in view while content grows, unless the person has scrolled away from it. */
export function useStickToEnd({ scroller, content, newest }: Place): { isAtEnd: boolean; toEnd: () => void } {
  const [isAtEnd, setIsAtEnd] = useState(true);
  const sticks = useRef(true);
  useEffect(() => {
    const [view, inner] = [scroller.current, content.current];
    if (view === null || inner === null) return;
    let lastGesture = -gestureMs;
    const onGesture = (): void => {
      lastGesture = performance.now();
    };
    const onScroll = (): void => {
      if (view.scrollHeight - view.scrollTop - view.clientHeight < slackPx) sticks.current = true;
      else if (performance.now() - lastGesture < gestureMs) sticks.current = false;
      setIsAtEnd(sticks.current);
    };
    const observer = new ResizeObserver(() => sticks.current && scrollToEnd(view));
    observer.observe(inner);
    observer.observe(view);
    view.addEventListener("scroll", onScroll, { passive: true });
    for (const gesture of gestures) view.addEventListener(gesture, onGesture, { passive: true });
    return () => {
      observer.disconnect();
      view.removeEventListener("scroll", onScroll);
      for (const gesture of gestures) view.removeEventListener(gesture, onGesture);
    };
  }, [scroller, content]);
  const toEnd = (): void => {
    sticks.current = true;
    if (scroller.current !== null) scrollToEnd(scroller.current);
  };
  useLayoutEffect(() => {
    if (newest === undefined || scroller.current === null) return;
    sticks.current = true;
    scrollToEnd(scroller.current);
  }, [newest, scroller]);
  return { isAtEnd, toEnd };
}
