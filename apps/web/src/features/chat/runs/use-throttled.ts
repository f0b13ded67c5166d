import { useCallback, useEffect, useRef, useState } from "react";

/** Deltas can arrive every few milliseconds; rendering more often than this would only cost time. */
const updateIntervalMs = 60;

interface Throttled<Value> {
  /** The value to render. */
  shown: Value;
  /** The newest value, which may not be rendered yet. */
  latest: () => Value;
  update: (value: Value) => void;
}

/** A value that causes at most one render per interval. The last update is always rendered. */
export function useThrottled<Value>(initial: Value): Throttled<Value> {
  const [shown, setShown] = useState(initial);
  const newest = useRef(initial);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  const latest = useCallback(() => newest.current, []);
  const update = useCallback((value: Value) => {
    newest.current = value;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setShown(newest.current);
    }, updateIntervalMs);
  }, []);
  return { shown, latest, update };
}
