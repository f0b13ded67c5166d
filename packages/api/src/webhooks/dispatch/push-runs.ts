import type { ClaimedRun } from "@deepbot/db";
import type { ClaimRuns } from "../../runs/claim.ts";
import { createSignal } from "../../shared/signal.ts";
import { claimForWebhooks } from "./claim-for-webhooks.ts";
import { createRecentPushes } from "./recent-pushes.ts";
import { createPushRun, type PushDeps } from "./push-run.ts";
import { hostOf, type HostSlots } from "../sending/slots.ts";
import { createReportFailure, createUnderWay } from "./under-way.ts";

export interface PushLoopDeps extends PushDeps {
  slots: HostSlots;
  claim: ClaimRuns;
}

/** How long pushing rests after the database failed. */
const afterErrorMs = 1_000;

/** How long requests that are under way may take once pushing stops. */
const stopGraceMs = 2_000;

/** Pushes a run to the next webhook of its assistant. One that had it before and gave it back pauses first. */
function createPushToNext(deps: PushLoopDeps, stop: AbortSignal): (run: ClaimedRun) => Promise<void> {
  const { targets, slots, release } = deps;
  const recentPushes = createRecentPushes();
  const pushRun = createPushRun(deps, { recentPushes, stop });
  return async (run) => {
    const before = recentPushes.cameBackFrom(run);
    if (before !== undefined) targets.gaveBack(before);
    const { runId, leaseToken, keyId, assistantId } = run;
    const webhook = targets.next(assistantId);
    if (webhook === undefined) await release({ runId, leaseToken, keyId });
    else await pushRun(webhook, run).finally(slots.take(hostOf(webhook.url)));
  };
}

/**
 * Claims runs of assistants that have a webhook for them, as a worker does, and hands each over with one request. Runs
 * that a receiver does not take go back to the queue, where others may claim them, and the webhook pauses.
 *
 * @returns the function that stops it
 */
export type StartPushing = () => () => Promise<void>;

export function createStartPushing(deps: PushLoopDeps): StartPushing {
  const { targets, events, claim, settings, shutdown } = deps;
  const confirmWithinMs = settings.webhooks.timeoutMs;
  const reportFailure = createReportFailure("push runs", events);

  return () => {
    const stopping = new AbortController();
    const cutting = new AbortController();
    const push = createPushToNext(deps, cutting.signal);
    const changed = createSignal();
    const underWay = createUnderWay({ onError: reportFailure, onEnd: changed.set });
    let waiting = new AbortController();
    targets.onChange(() => {
      waiting.abort();
      changed.set();
    });

    const round = async (): Promise<void> => {
      waiting = new AbortController();
      const assistantIds = targets.readyAssistants();
      if (assistantIds.length === 0) {
        await changed.wait({ ms: Infinity, signal: stopping.signal });
        return;
      }
      const signal = AbortSignal.any([stopping.signal, waiting.signal]);
      const run = await claimForWebhooks(claim, { assistantIds, confirmWithinMs }, signal);
      if (run !== undefined) underWay.add(push(run));
    };
    const serve = async (): Promise<void> => {
      while (!stopping.signal.aborted && !shutdown.aborted) {
        await round().catch(async (error: unknown) => {
          reportFailure(error);
          await changed.wait({ ms: afterErrorMs, signal: stopping.signal });
        });
      }
    };
    const serving = serve();
    return async () => {
      stopping.abort();
      await serving;
      const cut = setTimeout(() => cutting.abort(), stopGraceMs);
      await underWay.whenDone();
      clearTimeout(cut);
    };
  };
}
