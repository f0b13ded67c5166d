import { createAccount } from "./account/account.ts";
import { createQuotaReads } from "./account/quotas.ts";
import { AppError } from "./app-error.ts";
import { createDialogChanges } from "./dialogs/change-dialogs.ts";
import { createDialogReads } from "./dialogs/read-dialogs.ts";
import { createEventLogger } from "./events/log-events.ts";
import { createAuthentication } from "./identity/authenticate.ts";
import { createKeyChecks, type KeyCheck } from "./identity/key-check.ts";
import { createSessionWatches } from "./identity/session-watch.ts";
import { createSessions } from "./identity/sessions.ts";
import { createSignIn, type SignInDeps } from "./identity/sign-in.ts";
import type { Log } from "./log.ts";
import { createStartLoops } from "./loops.ts";
import { createLegacyProtocol } from "./messages/legacy-reply.ts";
import { createClientConfig } from "./operations/client-config.ts";
import { createRateLimits } from "./limits/rate-limits.ts";
import { createRuns } from "./runs/index.ts";
import type { Sampler } from "./shared/sampler.ts";
import { createAnswerWaits } from "./streaming/await-answer.ts";
import { createClaimQueue } from "./streaming/claim-queue.ts";
import { createDelivery } from "./streaming/deliver.ts";
import { createRunFeeds } from "./streaming/run-feed.ts";
import type { DeltaStore, Notifier } from "@deepbot/live";
import type { UseCaseDeps } from "./use-case-deps.ts";
import { createWebhooks } from "./webhooks/index.ts";

export interface CreateUseCasesOptions extends UseCaseDeps, SignInDeps {
  notifier: Notifier;
  deltaStore: DeltaStore;
  log: Log;
  /** Limits the log lines of refusals. */
  refusalSampler: Pick<Sampler, "admit">;
  isServiceKey: KeyCheck;
  isHealthKey: KeyCheck;
  /** Null in development, where the server itself signs people in. */
  googleClientId: string | null;
  /** @throws when the database does not respond */
  ping: () => Promise<void>;
}

/** Builds the use cases over one database, and registers who hears of their events: delivery first, then the log. */
export function createUseCases(options: CreateUseCasesOptions) {
  const { statements, events, deltaStore: store, ping } = options;
  const answers = createAnswerWaits(options);
  const claimQueue = createClaimQueue(options);
  const feeds = createRunFeeds({ ...options, store });
  const sessionWatches = createSessionWatches(options);
  events.subscribe(createDelivery({ ...options, answers, feeds }));
  events.subscribe(createEventLogger(options.log, options.refusalSampler));

  const { touchSessions, ...authentication } = createAuthentication(options, options.sessionTokens);
  const quotas = createQuotaReads(options);
  const runParts = { quotas, answers, claimQueue, feeds, sessionWatches, store };
  const { runs, worker, reapOverdueRuns } = createRuns(options, runParts);
  const { webhooks, loops: webhookLoops } = createWebhooks(options, worker);

  return {
    identity: { ...authentication, ...createSignIn(options), ...createKeyChecks(options) },
    sessions: createSessions(options),
    account: { ...createAccount(options), usage: quotas.usage },
    dialogs: { ...createDialogReads(options, reapOverdueRuns), ...createDialogChanges(options) },
    rateLimits: createRateLimits(options),
    runs,
    worker,
    legacy: createLegacyProtocol(options),
    webhooks,
    operations: {
      clientConfig: createClientConfig(options),
      countOpenRuns: statements.countOpenRuns,
      findPeakUsage: statements.findPeakUsage,
      countWaitingWorkers: claimQueue.size,

      /** @throws {AppError} `database_unavailable` */
      checkHealth: async (): Promise<void> => {
        await ping().catch(() => {
          throw new AppError("database_unavailable");
        });
      },
    },

    startLoops: createStartLoops(options, {
      reapOverdueRuns,
      touchSessions,
      store,
      sessionWatches,
      webhookLoops,
      polls: [answers, claimQueue, feeds],
    }),
  };
}

export type UseCases = ReturnType<typeof createUseCases>;
