import type { ErrorCode, RunState, Usage, WebhookEvent } from "@deepbot/contract";
import type { Facts } from "@deepbot/db";
import type { RatePolicy, RateSubject } from "../limits/rate-policies.ts";

/** Cause of a run's transition: its owner, a worker, or the reaper. */
export type Actor = "person" | "worker" | "reaper";

/** A run moved from one state to another, and the change is committed. */
export interface RunTransition {
  kind: "run_transition";
  runId: number;
  dialogId: number;
  ownerId: number;
  assistantId: number;
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
    /** Of a first claim: time since the question, in milliseconds. */
    waitedMs?: number;
    /** What the model reported that the answer cost. */
    usage?: Usage;
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
  change: "created" | "renamed" | "moved" | "deleted";
  dialogId: number;
  userId: number;
};

/** An operator made, changed, disabled or enabled an assistant. */
export type AssistantChanged = {
  kind: "assistant_changed";
  change: "created" | "updated" | "disabled" | "enabled";
  userId: number;
  assistantId: number;
  slug: string;
  /** Short values as they were and as they are. Of longer ones only the length is told. */
  before: Facts;
  after: Facts;
};

export type SessionsEnded = {
  kind: "sessions_ended";
  /** `replaced`: by a new sign-in, of the same browser or beyond the number that a person may have. */
  reason: "signed_out" | "ended_by_owner" | "signed_out_everywhere" | "replaced" | "account_deleted";
  userId: number;
  sessionIds: string[];
};

export type KeyHeader = "X-Messages-Key" | "X-Health-Key";

export type AccessRefused = {
  kind: "access_refused";
  credential: "google_token" | "session" | "personal_token" | KeyHeader;
  reason: string;
  /** Of a refused key that is long enough to be one: after a rotation it says which of the old keys is still in use. */
  keyId?: string;
};

/** An operator made, changed or revoked a service key. */
export type ServiceKeyChanged = {
  kind: "service_key_changed";
  change: "created" | "updated" | "revoked";
  /** The operator. */
  userId: number;
  keyId: string;
  /** What operators decide about, for the audit log alone. */
  before?: Facts | undefined;
  after?: Facts | undefined;
};

/** A person made or ended a personal token. */
export type PersonalTokenChanged = {
  kind: "personal_token_changed";
  change: "created" | "ended";
  userId: number;
  tokenId: string;
};

/** Log lines of one kind were counted instead of written. */
export type LinesSuppressed = {
  kind: "lines_suppressed";
  /** What the lines would have been about. */
  subject: string;
  address: string | undefined;
  count: number;
};

/** A periodic job failed. */
export type LoopFailed = {
  kind: "loop_failed";
  loop: string;
  /** SQLSTATE or connection code, else the class of the error. */
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

export type WebhookChange = "created" | "updated" | "enabled" | "disabled" | "rotated" | "deleted";

/** Everything that use cases tell the rest of the platform, once each, after the commit. */
export type AppEvent =
  | RunTransition
  | DeltasStored
  | DialogChanged
  | AssistantChanged
  | SessionsEnded
  | AccessRefused
  | RateLimited
  | ServiceKeyChanged
  | PersonalTokenChanged
  | { kind: "cancel_requested"; runId: number; userId: number }
  | { kind: "report_refused"; runId: number; state: RunState }
  | { kind: "bot_message_stored"; dialogId: number; userId: number }
  | LinesSuppressed
  | LoopFailed
  /** The first use of a key in an hour. */
  | { kind: "key_used"; credential: KeyHeader; keyId: string }
  | { kind: "request_refused"; code: ErrorCode }
  | { kind: "webhook_changed"; change: WebhookChange; webhookId: string }
  /** Workers have come or gone, or serve something else. */
  | { kind: "workers_changed" }
  /** A request to a webhook is over; `error` is null when its receiver took it. */
  | { kind: "webhook_attempted"; event: WebhookEvent; error: string | null; durationMs: number }
  /** Too many of its deliveries failed, or its receiver is gone. */
  | { kind: "webhook_disabled"; webhookId: string; assistantId: number; reason: string }
  | { kind: "signed_in"; userId: number; sessionId: string }
  | { kind: "account_exported"; userId: number }
  | { kind: "account_deleted"; userId: number; dialogIds: number[] };

/** Delivers events to their subscribers. Subscribers are registered once, where the platform is composed. */
export interface Events {
  emit: (event: AppEvent) => void;
  /** @param kinds of the events to deliver; all by default */
  subscribe: (subscriber: (event: AppEvent) => void, kinds?: readonly AppEvent["kind"][]) => void;
}

/**
 * @param onError told of a subscriber that throws: the change is committed, so neither its caller nor the other subscribers
 *   may suffer
 */
export function createEvents(onError: (error: unknown) => void): Events {
  const subscriptions: { subscriber: (event: AppEvent) => void; kinds: readonly AppEvent["kind"][] | undefined }[] = [];
  return {
    emit: (event) => {
      for (const { subscriber, kinds } of subscriptions) {
        if (kinds?.includes(event.kind) === false) continue;
        try {
          subscriber(event);
        } catch (error) {
          onError(error);
        }
      }
    },
    subscribe: (subscriber, kinds) => void subscriptions.push({ subscriber, kinds }),
  };
}
