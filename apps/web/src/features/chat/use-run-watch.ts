import { skipToken } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useRef } from "react";
import { retryDelayMs } from "../../api/query-client.ts";
import { useTRPC } from "../../api/trpc.ts";
import { useServices } from "../../app/services.ts";
import { applyEvent, type LiveRun, type RunEvent } from "./model/live-run.ts";
import type { Run } from "./model/message-log.ts";
import { usePaced } from "./use-paced.ts";

interface WatchedRun {
  /** Null until the first word of the platform. */
  live: LiveRun | null;
  /** The watch is broken off, and being taken up again. */
  isInterrupted: boolean;
}

/** Begins a watch anew after it was given up: a proxy answered in the platform's place, or the platform said no. */
function useNewBeginning(hasFailed: boolean, reset: () => void): { onProgress: () => void } {
  const failures = useRef(0);
  useEffect(() => {
    if (!hasFailed) return;
    const timer = setTimeout(reset, retryDelayMs(failures.current));
    failures.current += 1;
    return () => clearTimeout(timer);
  }, [hasFailed, reset]);
  return {
    onProgress: () => {
      failures.current = 0;
    },
  };
}

/**
 * Follows a run while it is open; null follows nothing. When a connection breaks, the library comes back by itself with
 * the id of the last event.
 */
export function useRunWatch(runId: number | null, onEnd: (run: Run) => void): WatchedRun {
  const trpc = useTRPC();
  const { connection } = useServices();
  const { painted, latest, paint } = usePaced<{ runId: number; live: LiveRun } | null>(null);
  const onEvent = (event: RunEvent): void => {
    onProgress();
    connection.set("reached");
    if (event.type === "end") {
      onEnd(event.run);
      return;
    }
    if (runId === null) return;
    const known = latest()?.runId === runId ? latest()?.live : null;
    const live = applyEvent(known ?? null, event);
    paint({ runId, live });
    if (live.isTorn) reset();
  };
  const { status, reset } = useSubscription(
    trpc.runs.watch.subscriptionOptions(runId === null ? skipToken : { run_id: runId }, {
      onData: ({ data }) => onEvent(data),
    }),
  );
  const { onProgress } = useNewBeginning(runId !== null && status === "error", reset);
  const live = painted?.runId === runId ? painted.live : null;
  const isInterrupted = runId !== null && (status === "error" || (status === "connecting" && live !== null));
  useEffect(() => {
    // Perhaps only this stream was cut: the look that follows tells.
    if (isInterrupted) connection.set("lost");
  }, [isInterrupted, connection]);
  return { live, isInterrupted };
}
