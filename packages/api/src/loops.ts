import type { DeltaStore } from "@deepbot/live";
import type { CredentialWatches } from "./identity/credential-watch.ts";
import type { KeyRegistry } from "./keys/key-registry.ts";
import type { LeaseReleases } from "./keys/release-leases.ts";
import type { ReapOverdueRuns } from "./runs/reap.ts";
import { startLoop } from "./shared/loop.ts";
import type { UseCaseDeps } from "./use-case-deps.ts";
import type { WebhookLoops } from "./webhooks/index.ts";

/** Default intervals, in milliseconds. Tests turn the fallback polls off to prove that notifications arrive. */
export const loopIntervals = {
  reap: 1_000,
  /** Longest delay that a lost notification can cause. */
  poll: 2_000,
  /** The same for the end of a session with open streams. */
  sessionPoll: 4_000,
  /** The same for the end of a key or a token, some of which expire. Half of the second that is promised for it. */
  keyPoll: 500,
  /** Delay until the times are stored when sessions, keys and tokens were used last. */
  touchSessions: 5_000,
  /** How soon other servers hear of a worker that comes. */
  presence: 500,
  /** How soon those who watch a queued run hear of a change. */
  queuePositions: 200,
  pruneWorkers: 600_000,
  dropDeltas: 30_000,
  pruneSessions: 3_600_000,
  pruneUsage: 24 * 3_600_000,
  pruneSpentTokens: 600_000,
  pruneAuditEvents: 3_600_000,
  /** Delay until a server hears of a webhook that another has changed. */
  refreshWebhooks: 2_000,
  sendDeliveries: 1_000,
  pruneDeliveries: 60_000,
};

/** How long ended sessions stay on record. */
const keepSessionsMs = 30 * 24 * 3_600_000;

/** How long workers that vanished stay on record. */
const keepWorkersMs = 3_600_000;

/** How long a person's usage of a day stays on record. */
const keepUsageDays = 400;

/** How long deltas outlive their run, for subscribers that are still behind. */
const keepDeltasMs = 60_000;

/** Rows that one statement removes: few enough to stay far from the time limit of statements. */
const pruneBatch = 5_000;

/** Removes rows batch by batch. @param prune removes up to `limit` rows and says how many there were */
async function pruneInBatches(prune: (limit: number) => Promise<number>): Promise<void> {
  while ((await prune(pruneBatch)) === pruneBatch);
}

export interface LoopParts {
  reapOverdueRuns: ReapOverdueRuns;
  /** Everything that stores when something was used. */
  touches: readonly (() => Promise<void>)[];
  presence: { tick: () => Promise<void> };
  queuePositions: { tick: () => Promise<void> };
  store: DeltaStore;
  credentialWatches: CredentialWatches;
  registry: Pick<KeyRegistry, "isInUse" | "poll">;
  leaseReleases: Pick<LeaseReleases, "ofEndedKeys">;
  webhookLoops: WebhookLoops;
  /** Everything that makes up for lost notifications. */
  polls: readonly { poll: () => Promise<void> }[];
}

export type LoopIntervals = Partial<typeof loopIntervals>;

function webhookJobs({ refresh, sendDue, dropDue, prune }: WebhookLoops, intervals: typeof loopIntervals) {
  const pruneAll = async (): Promise<void> => {
    await pruneInBatches(dropDue);
    await pruneInBatches(prune);
  };
  return [
    { name: "refresh webhooks", intervalMs: intervals.refreshWebhooks, job: refresh },
    { name: "send deliveries", intervalMs: intervals.sendDeliveries, job: sendDue },
    { name: "prune deliveries", intervalMs: intervals.pruneDeliveries, job: pruneAll },
  ];
}

/**
 * Starts what happens without a request: reaping, fallback polls, last-seen times and pruning.
 *
 * @param intervals replaces defaults; Infinity leaves a loop out
 * @returns the function that stops the loops and waits for rounds in progress
 */
export type StartLoops = (intervals?: LoopIntervals) => () => Promise<void>;

export function createStartLoops(
  deps: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  parts: LoopParts,
): StartLoops {
  const { statements, events, settings } = deps;
  const { reapOverdueRuns, touches, presence, queuePositions, store } = parts;
  const { credentialWatches, registry, leaseReleases, webhookLoops, polls } = parts;
  const pollAll = async (): Promise<void> => {
    await Promise.all(polls.map(({ poll }) => poll()));
  };
  const touchAll = async (): Promise<void> => void (await Promise.all(touches.map((touch) => touch())));
  const pollKeys = async (): Promise<void> => {
    await Promise.all([credentialWatches.pollTokens(), registry.poll()]);
    if (registry.isInUse()) await leaseReleases.ofEndedKeys();
  };
  return (overrides = {}) => {
    const intervals = { ...loopIntervals, ...overrides };
    const loops = [
      { name: "reap", intervalMs: intervals.reap, job: reapOverdueRuns },
      { name: "poll", intervalMs: intervals.poll, job: pollAll },
      { name: "session poll", intervalMs: intervals.sessionPoll, job: credentialWatches.pollSessions },
      { name: "key poll", intervalMs: intervals.keyPoll, job: pollKeys },
      { name: "touch sessions", intervalMs: intervals.touchSessions, job: touchAll },
      { name: "presence", intervalMs: intervals.presence, job: presence.tick },
      { name: "queue positions", intervalMs: intervals.queuePositions, job: queuePositions.tick },
      { name: "prune workers", intervalMs: intervals.pruneWorkers, job: () => statements.pruneWorkers(keepWorkersMs) },
      { name: "drop deltas", intervalMs: intervals.dropDeltas, job: () => store.drop(keepDeltasMs) },
      {
        name: "prune sessions",
        intervalMs: intervals.pruneSessions,
        job: () => pruneInBatches((limit) => statements.pruneSessions({ keepMs: keepSessionsMs, limit })),
      },
      { name: "prune usage", intervalMs: intervals.pruneUsage, job: () => statements.pruneUsage(keepUsageDays) },
      { name: "prune spent tokens", intervalMs: intervals.pruneSpentTokens, job: statements.pruneSpentTokens },
      {
        name: "prune audit events",
        intervalMs: intervals.pruneAuditEvents,
        job: () => pruneInBatches((limit) => statements.pruneAuditEvents({ keepDays: settings.auditKeepDays, limit })),
      },
      ...webhookJobs(webhookLoops, intervals),
    ].filter(({ intervalMs }) => intervalMs < Infinity);
    const stops = loops.map(({ job, ...options }) => startLoop(job, { ...options, events }));
    stops.push(webhookLoops.startPushing());
    return async () => {
      await Promise.all(stops.map((stop) => stop()));
      await webhookLoops.stopDeliveries();
    };
  };
}
