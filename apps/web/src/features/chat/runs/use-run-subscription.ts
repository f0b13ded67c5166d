import { foldRunEvent, type LiveRun } from "@deepbot/client";
import type { RunEvent } from "@deepbot/contract";
import { skipToken } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useRef } from "react";
import { retryDelayMs } from "../../../api/query-client.ts";
import { useTRPC } from "../../../api/trpc.ts";
import { useAppServices } from "../../../app/app-services.ts";
import type { Run } from "../messages/message-log.ts";
import { useThrottled } from "./use-throttled.ts";

interface SubscribedRun {
  /** Null until the first event. */
  live: LiveRun | null;
  /** The stream broke and is being resumed. */
  isInterrupted: boolean;
}

/**
 * Restarts a subscription that tRPC gave up, because a proxy responded in the server's place or the server refused it.
 * Driven by `onError` and not by the status, because React can render two failures in a row as one.
 */
function useRestart(runId: number | null): { scheduleRestart: (reset: () => void) => void; onProgress: () => void } {
  const failures = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), [runId]);
  return {
    scheduleRestart: (reset) => {
      clearTimeout(timer.current);
      timer.current = setTimeout(reset, retryDelayMs(failures.current));
      failures.current += 1;
    },
    onProgress: () => {
      failures.current = 0;
    },
  };
}

/**
 * Subscribes to a run while it is open; null subscribes to nothing. When the connection breaks, tRPC reconnects with
 * the id of the last event.
 */
export function useRunSubscription(runId: number | null, onEnd: (run: Run) => void): SubscribedRun {
  const trpc = useTRPC();
  const { connection } = useAppServices();
  const { shown, latest, update } = useThrottled<{ runId: number; live: LiveRun } | null>(null);
  const { scheduleRestart, onProgress } = useRestart(runId);
  const onEvent = (event: RunEvent): void => {
    onProgress();
    connection.set("reached");
    if (event.type === "end") {
      onEnd(event.run);
      return;
    }
    if (runId === null) return;
    const current = latest()?.runId === runId ? latest()?.live : null;
    const live = foldRunEvent(current ?? null, event);
    update({ runId, live });
    if (live.isTorn) reset();
  };
  const { status, reset } = useSubscription(
    trpc.runs.watch.subscriptionOptions(runId === null ? skipToken : { run_id: runId, waiting: true }, {
      onData: ({ data }) => onEvent(data),
      onError: () => scheduleRestart(reset),
    }),
  );
  const live = shown?.runId === runId ? shown.live : null;
  const isInterrupted = runId !== null && (status === "error" || (status === "connecting" && live !== null));
  useEffect(() => {
    // Perhaps only this stream broke. Reporting the connection as lost starts a probe, which finds out.
    if (isInterrupted) connection.set("lost");
  }, [isInterrupted, connection]);
  return { live, isInterrupted };
}
