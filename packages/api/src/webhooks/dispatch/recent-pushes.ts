import type { ClaimedRun } from "@deepbot/db";

/** A push of a run to a webhook. */
export interface RecentPush {
  webhookId: string;
  /** By `performance.now()`. */
  pushedAt: number;
}

/** The pushes of this process, so that a receiver that takes a run and gives it back is noticed. */
export interface RecentPushes {
  add: (run: ClaimedRun, webhookId: string) => void;
  /** Forgets a push that the receiver did not take. */
  remove: (run: ClaimedRun) => void;
  /**
   * The push after which a claimed run came back at no cost of an attempt: its receiver gave it back, or never reported on it.
   * Undefined if it was not pushed before.
   */
  cameBackFrom: (run: ClaimedRun) => RecentPush | undefined;
  /** Whether that was found, of this push or an earlier one of the same attempt. */
  hasComeBack: (run: ClaimedRun) => boolean;
}

/** So many are remembered; the oldest are forgotten. */
const recentPushesMax = 10_000;

interface Entry extends RecentPush {
  leaseToken: string;
  attempt: number;
  hasComeBack: boolean;
}

export function createRecentPushes(): RecentPushes {
  const entries = new Map<number, Entry>();
  const find = ({ runId, attempt }: ClaimedRun): Entry | undefined => {
    const entry = entries.get(runId);
    return entry?.attempt === attempt ? entry : undefined;
  };
  return {
    add: (run, webhookId) => {
      const { runId, leaseToken, attempt } = run;
      const hasComeBack = find(run)?.hasComeBack ?? false;
      entries.delete(runId);
      entries.set(runId, { webhookId, leaseToken, attempt, pushedAt: performance.now(), hasComeBack });
      const [oldest] = entries.keys();
      if (entries.size > recentPushesMax && oldest !== undefined) entries.delete(oldest);
    },
    remove: ({ runId, leaseToken }) => {
      if (entries.get(runId)?.leaseToken === leaseToken) entries.delete(runId);
    },
    cameBackFrom: (run) => {
      const entry = find(run);
      if (entry !== undefined) entry.hasComeBack = true;
      return entry;
    },
    hasComeBack: (run) => find(run)?.hasComeBack ?? false,
  };
}
