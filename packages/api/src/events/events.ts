import type { RunState } from "@deepbot/contract";
import type { RatePolicy, RateSubject } from "../rate-policies.ts";

/** Cause of a run's transition: its owner, a worker, or the reaper. */
export type Actor = "person" | "worker" | "reaper";

/** A run moved from one state to another, and the change is committed. */
export interface RunTransition {
  kind: "run_transition";
  runId: number;
  dialogId: number;
  ownerId: number;
  /** Null for a run that was just created. */
  from: RunState | null;
  to: RunState;
  actor: Actor;
  facts: {
    /** Name of the worker that claimed the run. */
    worker?: string;
    /** Number of the attempt that began or failed. */
    attempt?: number;
    /** Stable name of the reason for a failure, an expiry or a return to the queue. */
    reason?: string;
    /** The run whose question is asked again. */
    retryOf?: number;
    /** Whether a queued run has to wait for its back-off before it can be claimed. */
    delayed?: boolean;
  };
  /** Of a completed run, for local delivery. Never logged. */
  answerText?: string;
}

/** Deltas that were stored a moment ago: consecutive numbers of one epoch. */
export interface DeltasStored {
  kind: "deltas_stored";
  runId: number;
  epoch: number;
  deltas: { seq: number; text: string }[];
}

export type DialogChanged = {
  kind: "dialog_changed";
  change: "created" | "renamed" | "deleted";
  dialogId: number;
  userId: number;
};

export type SessionsEnded = {
  kind: "sessions_ended";
  reason: "signed_out" | "ended_by_owner" | "signed_out_everywhere" | "account_deleted";
  userId: number;
  sessionIds: string[];
};

export type AccessRefused = {
  kind: "access_refused";
  credential: "google_token" | "session" | "X-Messages-Key" | "X-Health-Key";
  reason: string;
};

/** A request was refused because its subject had used up its quota. */
export type RateLimited = {
  kind: "rate_limited";
  policy: RatePolicy;
  by: "address" | "person" | "key";
  subject: RateSubject;
  /** Whether it is the first refusal of the subject in its window. */
  first: boolean;
};

/** Everything that use cases tell the rest of the platform, once each, after the commit. */
export type AppEvent =
  | RunTransition
  | DeltasStored
  | DialogChanged
  | SessionsEnded
  | AccessRefused
  | RateLimited
  | { kind: "cancel_requested"; runId: number; userId: number }
  | { kind: "report_refused"; runId: number; state: RunState }
  | { kind: "bot_message_stored"; dialogId: number; userId: number }
  | { kind: "signed_in"; userId: number }
  | { kind: "account_exported"; userId: number }
  | { kind: "account_deleted"; userId: number; dialogIds: number[] };

/** Delivers events to their subscribers. Subscribers are registered once, where the platform is composed. */
export interface Events {
  emit: (event: AppEvent) => void;
  subscribe: (subscriber: (event: AppEvent) => void) => void;
}

/**
 * @param onError told of a subscriber that throws: the change is committed, so neither its caller nor the other subscribers
 *   may suffer
 */
export function createEvents(onError: (error: unknown) => void): Events {
  const subscribers: ((event: AppEvent) => void)[] = [];
  return {
    emit: (event) => {
      for (const subscriber of subscribers) {
        try {
          subscriber(event);
        } catch (error) {
          onError(error);
        }
      }
    },
    subscribe: (subscriber) => void subscribers.push(subscriber),
  };
}
