import type { DeltaStore } from "@deepbot/live";
import type { QuotaReads } from "../account/quotas.ts";
import { createFindServedAssistants } from "../assistants/served-assistants.ts";
import type { CredentialWatches } from "../identity/credential-watch.ts";
import type { Presence } from "../presence/presence.ts";
import { createConcurrencyLimiter } from "../shared/concurrency-limiter.ts";
import { createAppendBatcher } from "../streaming/append-batcher.ts";
import type { AnswerWaits } from "../streaming/await-answer.ts";
import type { ClaimQueue } from "../streaming/claim-queue.ts";
import type { RunFeeds } from "../streaming/run-feed.ts";
import { createSubscribeRun } from "../streaming/subscribe-run.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { createAskAndWait } from "./ask-and-wait.ts";
import { createAsk, createStartRun } from "./ask.ts";
import { createCancelRun } from "./cancel.ts";
import { createClaimRuns } from "./claim.ts";
import { createCompleteRun } from "./complete.ts";
import { createFailRun } from "./fail.ts";
import { createFindRun } from "./find-run.ts";
import { createReadRun } from "./read-run.ts";
import { createReapOverdueRuns } from "./reap.ts";
import { createRefuseReport } from "./refuse-report.ts";
import { createReleaseRun } from "./release.ts";
import { createProgressReports } from "./report-progress.ts";
import { createRetryRun } from "./retry.ts";
import { createWorkerStats } from "../presence/worker-stats.ts";

export interface RunParts {
  quotas: QuotaReads;
  answers: AnswerWaits;
  claimQueue: ClaimQueue;
  feeds: RunFeeds;
  credentialWatches: CredentialWatches;
  store: DeltaStore;
  presence: Presence;
}

/** The verbs of a run: those of its owner, those of its worker, and the reaper. */
export function createRuns(deps: UseCaseDeps, parts: RunParts) {
  const { quotas, answers, claimQueue, feeds, credentialWatches, store, presence } = parts;
  const { statements, settings } = deps;
  const reapOverdueRuns = createReapOverdueRuns(deps);
  const find = createFindRun(statements, reapOverdueRuns);
  const ask = createAsk(deps, { reapOverdueRuns, quotas });
  const read = createReadRun({ find, store });
  const refuse = createRefuseReport(deps);
  const appendDelta = createAppendBatcher({ store, events: deps.events });
  const limiter = createConcurrencyLimiter({
    perHolder: settings.watchesPerUser,
    total: settings.watchesInAll,
    refusal: "too_many_watches",
  });
  const waitLimiter = createConcurrencyLimiter({
    perHolder: settings.waitsPerUser,
    total: settings.waitsInAll,
    refusal: "too_many_waits",
  });

  const claimLimiter = createConcurrencyLimiter<string>({
    perHolder: settings.claimsPerKey,
    total: settings.claimsInAll,
    refusal: "too_many_claims",
  });

  return {
    reapOverdueRuns,
    runs: {
      read,
      start: createStartRun({ ask, read }),
      askAndWait: createAskAndWait(deps, { ask, find, answers, credentialWatches, limiter: waitLimiter }),
      cancel: createCancelRun(deps, { read, reapOverdueRuns }),
      retry: createRetryRun(deps, { find, read, quotas }),
      subscribe: createSubscribeRun({ find, store, feeds, credentialWatches, limiter }),
    },
    worker: {
      claim: createClaimRuns(deps, {
        queue: claimQueue,
        findServedAssistants: createFindServedAssistants(deps),
        limiter: claimLimiter,
        presence,
      }),
      ...createProgressReports(deps, { appendDelta, refuse, presence }),
      complete: createCompleteRun(deps, { refuse, presence }),
      fail: createFailRun(deps, { refuse, reapOverdueRuns, presence }),
      release: createReleaseRun(deps, { refuse, reapOverdueRuns, presence }),
      stats: createWorkerStats({ statements, presence }),
    },
  };
}
