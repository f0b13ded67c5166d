import { isOpen } from "@deepbot/contract";
import { createBackoff } from "./backoff.ts";
import { failureOf } from "./failure.ts";
import { foldRunEvent, type LiveRun } from "./fold-run-event.ts";
import { pause } from "./pause.ts";
import type { Client, WireRun } from "./wire.ts";

export interface RunSubscription {
  runId: number;
  /** Called after each event with the answer so far. */
  onProgress: (live: LiveRun) => void;
  signal: AbortSignal;
}

/** Follows one stream. Resolves with the ended run, or with null when the stream broke and a new one is needed. */
async function followStream(
  client: Client,
  { runId, onProgress, signal }: RunSubscription,
  onEvent: () => void,
): Promise<WireRun | null> {
  let live: LiveRun | null = null;
  const outcome = Promise.withResolvers<WireRun | null>();
  const giveUp = (): void => outcome.resolve(null);
  const subscription = client.runs.watch.subscribe(
    { run_id: runId, waiting: true },
    {
      onData: ({ data }) => {
        onEvent();
        if (data.type === "end") return outcome.resolve(data.run);
        live = foldRunEvent(live, data);
        if (live.isTorn) return giveUp();
        onProgress(live);
      },
      onError: giveUp,
      onComplete: giveUp,
    },
  );
  signal.addEventListener("abort", giveUp);
  return outcome.promise.finally(() => {
    signal.removeEventListener("abort", giveUp);
    subscription.unsubscribe();
  });
}

/** The run if it has ended, else null. A stream cannot say why it was refused; this call can. */
async function findEnd(client: Client, { runId, signal }: RunSubscription): Promise<WireRun | null> {
  try {
    const run = await client.runs.get.query({ run_id: runId }, { signal });
    return isOpen(run.state) ? null : run;
  } catch (error) {
    if (failureOf(error).kind === "unavailable") return null;
    throw error;
  }
}

/**
 * Follows a run until it ends, over broken connections and restarts of the server.
 *
 * @throws {TRPCClientError} when the platform refuses, for example because the run does not exist
 * @throws the signal's reason when it aborts
 */
export async function subscribeRun(client: Client, subscription: RunSubscription): Promise<WireRun> {
  const { signal } = subscription;
  const backoff = createBackoff({ minMs: 200, maxMs: 5_000 });
  for (;;) {
    signal.throwIfAborted();
    const run = (await followStream(client, subscription, backoff.reset)) ?? (await findEnd(client, subscription));
    if (run !== null) return run;
    await pause(backoff.nextMs(), signal);
  }
}
