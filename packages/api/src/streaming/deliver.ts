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

/** Local delivery and notifications: the subscriber through which everybody who waits hears of an event. */
export function createDelivery(deps: {
  notifier: Notifier;
  answers: AnswerWaits;
  feeds: RunFeeds;
}): (event: AppEvent) => void {
  const { notifier, answers, feeds } = deps;
  return (event) => {
    switch (event.kind) {
      case "run_transition":
        if (event.answerText !== undefined) answers.deliverLocally(event.runId, event.answerText);
        publishTransition(notifier, event);
        return;
      case "deltas_stored":
        (feeds.deliverLocally(event) ? notifier.publishElsewhere : notifier.publish)(`run:${event.runId}`);
        return;
      case "dialog_changed":
        if (event.change === "deleted") notifier.publish(`dialog:${event.dialogId}`);
        return;
      case "bot_message_stored":
        notifier.publish(`dialog:${event.dialogId}`);
        return;
      case "sessions_ended":
        for (const sessionId of event.sessionIds) notifier.publish(`session:${sessionId}`);
        return;
      case "service_key_changed":
        notifier.publish("keys");
        return;
      case "personal_token_changed":
        if (event.change === "ended") notifier.publish(`token:${event.tokenId}`);
        return;
      case "account_deleted":
        for (const dialogId of event.dialogIds) notifier.publish(`dialog:${dialogId}`);
        return;
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
    }
  };
}
