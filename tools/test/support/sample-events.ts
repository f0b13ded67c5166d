import { createEventLogger } from "../../../packages/api/src/events/log-events.ts";
import type { AppEvent, RunTransition } from "../../../packages/api/src/events/events.ts";
import { createDelivery } from "../../../packages/api/src/streaming/deliver.ts";
import { createMemoryNotifier } from "../../../packages/live/src/memory-notifier.ts";

const ids = { runId: 1, dialogId: 2, ownerId: 3, assistantId: 1 };

function transition(change: Pick<RunTransition, "from" | "to" | "actor"> & Partial<RunTransition>): RunTransition {
  return { kind: "run_transition", ...ids, facts: {}, ...change };
}

/** The transitions of a run under the names that the table of ARCHITECTURE.md gives them. */
export const sampleTransitions: Readonly<Record<string, readonly RunTransition[]>> = {
  ask: [transition({ from: null, to: "queued", actor: "person" })],
  retry: [transition({ from: null, to: "queued", actor: "person", facts: { retryOf: 9 } })],
  claim: [transition({ from: "queued", to: "running", actor: "worker", facts: { worker: "w", attempt: 1 } })],
  release: [transition({ from: "running", to: "queued", actor: "worker" })],
  "fail, with an attempt left": [
    transition({
      from: "running",
      to: "queued",
      actor: "worker",
      facts: { attempt: 1, reason: "broken", delayed: true },
    }),
  ],
  "lease over, with an attempt left": [
    transition({ from: "running", to: "queued", actor: "reaper", facts: { reason: "lease_expired" } }),
  ],
  "key revoked or expired": [
    transition({ from: "running", to: "queued", actor: "reaper", facts: { reason: "key_ended" } }),
  ],
  complete: [transition({ from: "running", to: "completed", actor: "worker", answerText: "text" })],
  "legacy reply": [
    transition({ from: "queued", to: "completed", actor: "worker", answerText: "text" }),
    transition({ from: "running", to: "completed", actor: "worker", answerText: "text" }),
  ],
  "late answer": [
    transition({ from: "expired", to: "completed", actor: "worker", answerText: "text" }),
    transition({ from: "failed", to: "completed", actor: "worker", answerText: "text" }),
  ],
  "fail, for good": [
    transition({ from: "running", to: "failed", actor: "worker", facts: { attempt: 3, reason: "broken" } }),
  ],
  "lease over, attempts spent": [
    transition({ from: "running", to: "failed", actor: "reaper", facts: { reason: "attempts_spent" } }),
  ],
  cancel: [
    transition({ from: "queued", to: "cancelled", actor: "reaper" }),
    transition({ from: "running", to: "cancelled", actor: "reaper" }),
  ],
  deadline: [
    transition({ from: "queued", to: "expired", actor: "reaper", facts: { reason: "no_worker" } }),
    transition({ from: "running", to: "expired", actor: "reaper", facts: { reason: "deadline" } }),
  ],
};

/** At least one event of each kind: the compiler refuses this file when a kind is missing. */
export const sampleEvents: { [Kind in AppEvent["kind"]]: readonly Extract<AppEvent, { kind: Kind }>[] } = {
  run_transition: Object.values(sampleTransitions).flat(),
  deltas_stored: [{ kind: "deltas_stored", runId: 1, epoch: 1, deltas: [{ seq: 1, text: "text" }] }],
  dialog_changed: (["created", "renamed", "moved", "deleted"] as const).map((change) => ({
    kind: "dialog_changed",
    change,
    dialogId: 2,
    userId: 3,
  })),
  assistant_changed: (["created", "updated", "disabled", "enabled"] as const).map((change) => ({
    kind: "assistant_changed",
    change,
    userId: 3,
    assistantId: 4,
    slug: "poet",
    before: {},
    after: {},
  })),
  sessions_ended: [{ kind: "sessions_ended", reason: "signed_out", userId: 3, sessionIds: ["s"] }],
  lines_suppressed: [{ kind: "lines_suppressed", subject: "request not_found", address: "192.0.2.1", count: 2 }],
  loop_failed: [{ kind: "loop_failed", loop: "reap", reason: "08006" }],
  key_used: [{ kind: "key_used", credential: "X-Messages-Key", keyId: "0123456789ab" }],
  request_refused: [{ kind: "request_refused", code: "not_found" }],
  access_refused: [{ kind: "access_refused", credential: "session", reason: "session_invalid" }],
  rate_limited: [{ kind: "rate_limited", policy: "send", by: "person", subject: 3, first: true }],
  service_key_changed: (["created", "updated", "revoked"] as const).map((change) => ({
    kind: "service_key_changed",
    change,
    userId: 3,
    keyId: "k",
  })),
  personal_token_changed: (["created", "ended"] as const).map((change) => ({
    kind: "personal_token_changed",
    change,
    userId: 3,
    tokenId: "t",
  })),
  cancel_requested: [{ kind: "cancel_requested", runId: 1, userId: 3 }],
  report_refused: [{ kind: "report_refused", runId: 1, state: "running" }],
  bot_message_stored: [{ kind: "bot_message_stored", dialogId: 2, userId: 3 }],
  signed_in: [{ kind: "signed_in", userId: 3, sessionId: "s" }],
  workers_changed: [{ kind: "workers_changed" }],
  webhook_attempted: [{ kind: "webhook_attempted", event: "run.ended", error: null, durationMs: 5 }],
  webhook_changed: [{ kind: "webhook_changed", change: "created", webhookId: "w" }],
  webhook_disabled: [{ kind: "webhook_disabled", webhookId: "w", assistantId: 1, reason: "failures" }],
  account_exported: [{ kind: "account_exported", userId: 3 }],
  account_deleted: [{ kind: "account_deleted", userId: 3, dialogIds: [2] }],
};

/** The log events that use cases' events become. */
export function loggedEvents(): string[] {
  const names = new Set<string>();
  const note = (fields: object): void => {
    if ("event" in fields) names.add(String(fields.event));
  };
  const log = createEventLogger({ info: note, warn: note, error: note }, { admit: () => true });
  Object.values(sampleEvents).flat().forEach(log);
  return [...names];
}

/** Kinds of topics (`queue`, `run`, `dialog`, `session`) that are notified of an event. */
export function notifiedTopics(event: AppEvent): string[] {
  const notifier = createMemoryNotifier();
  const topics = new Set<string>();
  for (const topic of ["run:1", "dialog:2", "session:s"] as const) {
    notifier.subscribe(topic, () => topics.add(topic.replace(/:.*/, "")));
  }
  notifier.takeWork({ readiness: () => ({ all: true, assistantIds: new Set() }), take: () => topics.add("queue") });
  const deliver = createDelivery({
    notifier,
    answers: { open: () => unused(), deliverLocally: () => {}, poll: () => unused() },
    feeds: {
      subscribe: () => unused(),
      queued: () => unused(),
      tellWaiting: () => unused(),
      deliverLocally: () => false,
      poll: () => unused(),
    },
  });
  deliver(event);
  return [...topics];
}

function unused(): never {
  throw new Error("Delivery subscribes nobody.");
}
