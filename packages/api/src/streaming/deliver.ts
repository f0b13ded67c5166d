import type { Notifier } from "@deepbot/live";
import type { AppEvent, RunTransition } from "../events/events.ts";
import type { AnswerWaits } from "./await-answer.ts";
import type { RunFeeds } from "./run-feed.ts";

function publishTransition(notifier: Notifier, transition: RunTransition): void {
  const { runId, dialogId, assistantId, from, to, facts } = transition;
  switch (to) {
    case "queued":
      if (from !== null) notifier.publish(`run:${runId}`);
      if (facts.delayed !== true) notifier.offerWork(assistantId);
      return;
    case "running":
      notifier.publish(`run:${runId}`);
      return;
    case "completed":
    case "failed":
    case "cancelled":
    case "expired":
      notifier.publish(`dialog:${dialogId}`);
  }
}

type Announced = Exclude<AppEvent, { kind: "run_transition" | "deltas_stored" }>;

/** The notifications that an event becomes. */
function topicsOf(event: Announced): Parameters<Notifier["publish"]>[0][] {
  switch (event.kind) {
    case "dialog_changed":
      return event.change === "deleted" ? [`dialog:${event.dialogId}`] : [];
    case "bot_message_stored":
      return [`dialog:${event.dialogId}`];
    case "sessions_ended":
      return event.sessionIds.map((sessionId) => `session:${sessionId}` as const);
    case "service_key_changed":
      return ["keys"];
    case "workers_changed":
      return ["workers"];
    case "personal_token_changed":
      return event.change === "ended" ? [`token:${event.tokenId}`] : [];
    case "account_deleted":
      return event.dialogIds.map((dialogId) => `dialog:${dialogId}` as const);
    case "cancel_requested":
    case "report_refused":
    case "access_refused":
    case "key_used":
    case "lines_suppressed":
    case "loop_failed":
    case "request_refused":
    case "rate_limited":
    case "signed_in":
    case "account_exported":
    case "assistant_changed":
    case "webhook_attempted":
    case "webhook_changed":
    case "webhook_disabled":
      return [];
  }
}

/** Local delivery and notifications: the subscriber through which everybody who waits hears of an event. */
export function createDelivery(deps: {
  notifier: Notifier;
  answers: AnswerWaits;
  feeds: RunFeeds;
}): (event: AppEvent) => void {
  const { notifier, answers, feeds } = deps;
  return (event) => {
    if (event.kind === "run_transition") {
      if (event.answerText !== undefined) answers.deliverLocally(event.runId, event.answerText);
      publishTransition(notifier, event);
    } else if (event.kind === "deltas_stored") {
      (feeds.deliverLocally(event) ? notifier.publishElsewhere : notifier.publish)(`run:${event.runId}`);
    } else {
      for (const topic of topicsOf(event)) notifier.publish(topic);
    }
  };
}
