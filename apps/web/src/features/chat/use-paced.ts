import { useCallback, useEffect, useRef, useState } from "react";

/** Pieces of an answer may come every few milliseconds; nobody reads faster than this. */
const paintIntervalMs = 60;

interface Paced<Value> {
  /** What to show. */
  painted: Value;
  /** What has come since. */
  latest: () => Value;
  paint: (value: Value) => void;
}

/** A value that is shown at most once in an interval, and its last state always. */
export function usePaced<Value>(initial: Value): Paced<Value> {
  const [painted, setPainted] = useState(initial);
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
  const paint = useCallback((value: Value) => {
    newest.current = value;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setPainted(newest.current);
    }, paintIntervalMs);
  }, []);
  return { painted, latest, paint };
}
