import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** Distances below this count as being at the end. */
const slackPx = 48;

/** A scroll this soon after an input event was made by the person; any other was caused by a layout change. */
const gestureMs = 1_000;

const gestures = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

interface Place {
  scroller: RefObject<HTMLElement | null>;
  content: RefObject<HTMLElement | null>;
  /** Scrolls to the end whenever this changes to a defined value: after sending, the person wants to see the answer. */
  newest: string | undefined;
}

function moveToEnd(view: HTMLElement): void {
  view.scrollTop = view.scrollHeight;
}

/** Keeps the end in view while content is added, unless the person has scrolled away from it. */
export function useStickToEnd({ scroller, content, newest }: Place): { isAtEnd: boolean; scrollToEnd: () => void } {
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
    const observer = new ResizeObserver(() => sticks.current && moveToEnd(view));
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
  const scrollToEnd = (): void => {
    sticks.current = true;
    if (scroller.current !== null) moveToEnd(scroller.current);
  };
  useLayoutEffect(() => {
    if (newest === undefined || scroller.current === null) return;
    sticks.current = true;
    moveToEnd(scroller.current);
  }, [newest, scroller]);
  return { isAtEnd, scrollToEnd };
}
