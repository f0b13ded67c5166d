import { createAccount } from "./account/account.ts";
import { createAssistants } from "./assistants/assistants.ts";
import { createQuotaReads } from "./account/quotas.ts";
import { AppError } from "./app-error.ts";
import { createDialogChanges } from "./dialogs/change-dialogs.ts";
import { createDialogReads } from "./dialogs/read-dialogs.ts";
import { createEventLogger } from "./events/log-events.ts";
import { createAuthentication } from "./identity/authenticate.ts";
import { createKeyChecks, type KeyCheck } from "./identity/key-check.ts";
import type { Pseudonym } from "./identity/pseudonym.ts";
import { createCredentialWatches } from "./identity/credential-watch.ts";
import { createSessions } from "./identity/sessions.ts";
import { createSignIn, type SignInDeps } from "./identity/sign-in.ts";
import { createTokenAuthentication } from "./keys/authenticate-token.ts";
import { createKeyRegistry, type KeyRegistry } from "./keys/key-registry.ts";
import { createPersonalTokens } from "./keys/personal-tokens.ts";
import { createLeaseReleases } from "./keys/release-leases.ts";
import { createServiceKeys } from "./keys/service-keys.ts";
import type { Log } from "./log.ts";
import { createStartLoops } from "./loops.ts";
import { createLegacyProtocol } from "./messages/legacy-reply.ts";
import { createClientConfig } from "./operations/client-config.ts";
import { createRateLimits } from "./limits/rate-limits.ts";
import { createPresence } from "./presence/presence.ts";
import { createRuns } from "./runs/index.ts";
import type { Sampler } from "./shared/sampler.ts";
import { createAnswerWaits } from "./streaming/await-answer.ts";
import { createClaimQueue } from "./streaming/claim-queue.ts";
import { createDelivery } from "./streaming/deliver.ts";
import { createRunFeeds } from "./streaming/run-feed.ts";
import { createQueuePositions } from "./streaming/queue-positions.ts";
import type { DeltaStore, Notifier } from "@deepbot/live";
import type { UseCaseDeps } from "./use-case-deps.ts";
import { createWebhooks } from "./webhooks/index.ts";

export interface CreateUseCasesOptions extends UseCaseDeps, SignInDeps {
  notifier: Notifier;
  deltaStore: DeltaStore;
  log: Log;
  /** Limits the log lines of refusals. */
  refusalSampler: Pick<Sampler, "admit">;
  pseudonym: Pseudonym;
  isServiceKey: KeyCheck;
  isHealthKey: KeyCheck;
  /** Null in development, where the server itself signs people in. */
  googleClientId: string | null;
  /** @throws when the database does not respond */
  ping: () => Promise<void>;
}

/** How callers prove who they are, and what stores when they did so last. */
function createIdentity(options: CreateUseCasesOptions, registry: KeyRegistry) {
  const { touchSessions, ...authentication } = createAuthentication(options, options.sessionTokens);
  const { touchTokens, authenticateToken } = createTokenAuthentication(options);
  const keyChecks = createKeyChecks({ ...options, registry });
  return {
    identity: { ...authentication, authenticateToken, ...createSignIn(options), ...keyChecks },
    touches: [touchSessions, touchTokens, registry.touch],
  };
}

/** Who waits for what: people for answers, workers for questions. */
function createLines(options: CreateUseCasesOptions) {
  const presence = createPresence(options);
  const feeds = createRunFeeds({ ...options, store: options.deltaStore });
  return {
    answers: createAnswerWaits(options),
    presence,
    feeds,
    claimQueue: createClaimQueue({ ...options, presence }),
    queuePositions: createQueuePositions({ statements: options.statements, feeds, presence }),
  };
}

/** What operators and their programs ask about the platform. */
function createOperations(options: CreateUseCasesOptions, countWaitingWorkers: () => number) {
  const { statements, ping } = options;
  return {
    clientConfig: createClientConfig(options),
    countOpenRuns: statements.countOpenRuns,
    findPeakUsage: statements.findPeakUsage,
    countWaitingWorkers,

    /** @throws {AppError} `database_unavailable` */
    checkHealth: async (): Promise<void> => {
      await ping().catch(() => {
        throw new AppError("database_unavailable");
      });
    },
  };
}

/** Builds the use cases over one database, and registers who hears of their events: delivery first, then the log. */
export function createUseCases(options: CreateUseCasesOptions) {
  const { events, deltaStore: store } = options;
  const { answers, presence, claimQueue, feeds, queuePositions } = createLines(options);
  const credentialWatches = createCredentialWatches(options);
  const registry = createKeyRegistry(options);
  events.subscribe(createDelivery({ ...options, answers, feeds }));
  events.subscribe(createEventLogger(options.log, options.refusalSampler));

  const { identity, touches } = createIdentity(options, registry);
  const quotas = createQuotaReads(options);
  const runParts = { quotas, answers, claimQueue, feeds, credentialWatches, store, presence };
  const { runs, worker, reapOverdueRuns } = createRuns(options, runParts);
  const leaseReleases = createLeaseReleases(options, reapOverdueRuns);
  const { webhooks, loops: webhookLoops } = createWebhooks(options, worker);

  return {
    identity,
    sessions: createSessions(options),
    keys: { ...createServiceKeys(options, leaseReleases), whileLive: registry.whileLive },
    tokens: createPersonalTokens(options),
    account: { ...createAccount(options), usage: quotas.usage },
    assistants: createAssistants(options, presence),
    dialogs: { ...createDialogReads(options, reapOverdueRuns), ...createDialogChanges(options, reapOverdueRuns) },
    rateLimits: createRateLimits(options),
    runs,
    worker,
    pseudonym: options.pseudonym,
    presence,
    legacy: createLegacyProtocol(options, presence),
    webhooks,
    operations: createOperations(options, claimQueue.size),

    startLoops: createStartLoops(options, {
      reapOverdueRuns,
      touches,
      presence,
      queuePositions,
      store,
      credentialWatches,
      registry,
      leaseReleases,
      webhookLoops,
      polls: [answers, claimQueue, feeds],
    }),
  };
}

export type UseCases = ReturnType<typeof createUseCases>;
