import type { Log } from "../log.ts";
import type { AppEvent, RunTransition, SessionsEnded } from "./events.ts";

type Level = keyof Log;

/** One line of the log. Its fields are listed one by one: an event may carry texts that must not be logged. */
interface Line {
  level?: Level;
  module: string;
  fields: { event: string } & Readonly<Record<string, unknown>>;
  message: string;
}

function describeQueued(transition: RunTransition): Line {
  const { runId, dialogId, ownerId, from, facts, actor } = transition;
  const common = { run_id: runId, dialog_id: dialogId, user_id: ownerId };
  if (from === null) {
    const message =
      facts.retryOf === undefined
        ? `Run ${runId} is queued for dialog ${dialogId}`
        : `Run ${runId} is queued; it repeats run ${facts.retryOf}`;
    const fields = facts.retryOf === undefined ? {} : { retry_of: facts.retryOf };
    return { module: "runs", fields: { event: "run_queued", ...common, ...fields }, message };
  }
  const { attempt, reason } = facts;
  const fields = {
    ...common,
    ...(attempt === undefined ? {} : { attempt }),
    ...(reason === undefined ? {} : { reason }),
  };
  if (actor === "worker" && reason === undefined) {
    return { module: "worker", fields: { event: "run_released", ...fields }, message: `Run ${runId} was released` };
  }
  const message = `Run ${runId} is queued again: ${reason}`;
  return { level: "warn", module: "runs", fields: { event: "run_requeued", ...fields }, message };
}

function describeTransition(transition: RunTransition): Line {
  const { runId, dialogId, ownerId, to, facts } = transition;
  const { reason, attempt, worker } = facts;
  const common = { run_id: runId, dialog_id: dialogId, user_id: ownerId };
  switch (to) {
    case "queued":
      return describeQueued(transition);
    case "running": {
      const fields = { event: "run_claimed", ...common, attempt, worker };
      return { module: "worker", fields, message: `Run ${runId} was claimed by ${worker}` };
    }
    case "completed":
      return { module: "runs", fields: { event: "run_completed", ...common }, message: `Run ${runId} is completed` };
    case "failed":
    case "expired": {
      const fields = { event: `run_${to}`, ...common, ...(attempt === undefined ? {} : { attempt }), reason };
      return { level: "warn", module: "runs", fields, message: `Run ${runId} ${to}: ${reason}` };
    }
    case "cancelled":
      return { module: "runs", fields: { event: "run_cancelled", ...common }, message: `Run ${runId} was cancelled` };
  }
}

function describeSessionsEnded({ reason, userId, sessionIds }: SessionsEnded): Line {
  const fields = { event: "sessions_ended", user_id: userId, reason, count: sessionIds.length };
  return { module: "auth", fields, message: `User ${userId}: ${sessionIds.length} session(s) ended (${reason})` };
}

/** The line for an event; undefined for those that are too frequent to log. */
function describe(event: AppEvent): Line | undefined {
  switch (event.kind) {
    case "run_transition":
      return describeTransition(event);
    case "deltas_stored":
      return undefined;
    case "dialog_changed": {
      const { change, userId, dialogId } = event;
      const fields = { event: `dialog_${change}`, user_id: userId, dialog_id: dialogId };
      return { module: "dialogs", fields, message: `User ${userId} ${change} dialog ${dialogId}` };
    }
    case "sessions_ended":
      return describeSessionsEnded(event);
    case "access_refused": {
      const { credential, reason } = event;
      const fields = { event: "access_refused", credential, reason };
      return { level: "warn", module: "auth", fields, message: `A request was refused: ${credential} (${reason})` };
    }
    case "rate_limited": {
      // The first refusal stands for all of its window: a flood must not become a flood of lines.
      const { policy, by, subject, first } = event;
      if (!first) return undefined;
      const fields = { event: "rate_limited", policy, [by === "person" ? "user_id" : by]: subject };
      return { level: "warn", module: "limits", fields, message: `Too many requests (${policy}) of one ${by}` };
    }
    case "cancel_requested": {
      const { runId, userId } = event;
      const fields = { event: "cancel_requested", run_id: runId, user_id: userId };
      return { module: "runs", fields, message: `User ${userId} asked to cancel run ${runId}` };
    }
    case "report_refused": {
      const { runId, state } = event;
      const fields = { event: "report_refused", run_id: runId, state };
      return { level: "warn", module: "worker", fields, message: `A report on run ${runId} (${state}) was refused` };
    }
    case "bot_message_stored": {
      const { dialogId, userId } = event;
      const fields = { event: "bot_message_stored", dialog_id: dialogId, user_id: userId };
      return { module: "messages", fields, message: `An unsolicited message was stored in dialog ${dialogId}` };
    }
    case "signed_in":
    case "account_exported":
    case "account_deleted": {
      const { kind, userId } = event;
      const fields = { event: kind, user_id: userId };
      const module = kind === "signed_in" ? "auth" : "account";
      return { module, fields, message: `User ${userId}: ${kind.replace("_", " ")}` };
    }
  }
}

/** Writes one line for each event that is worth one. */
export function createEventLogger(log: Log): (event: AppEvent) => void {
  return (event) => {
    const line = describe(event);
    if (line === undefined) return;
    const { level = "info", module, fields, message } = line;
    log[level]({ module, ...fields }, message);
  };
}
