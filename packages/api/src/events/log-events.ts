import type { Log } from "../log.ts";
import { requestScope } from "../request-scope.ts";
import type { Sampler } from "../shared/sampler.ts";
import type { AccessRefused, AppEvent, RunTransition, SessionsEnded } from "./events.ts";

type Level = keyof Log;

/** One line of the log. Its fields are listed one by one: an event may carry texts that must not be logged. */
interface Line {
  level?: Level;
  module: string;
  fields: { event: string } & Readonly<Record<string, unknown>>;
  message: string;
  /** Of lines that strangers can cause at will: those of one kind and address are sampled. */
  sampledKind?: string;
}

/** Where a security event came from, and with which credentials, as far as its request says. */
function originOf(): object {
  const { address, identity } = requestScope.getStore() ?? {};
  return { address, session_id: identity?.sessionId, key_id: identity?.keyId };
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
  const fields = { event: "sessions_ended", user_id: userId, reason, count: sessionIds.length, ...originOf() };
  return { module: "auth", fields, message: `User ${userId}: ${sessionIds.length} session(s) ended (${reason})` };
}

function describeAccessRefused({ credential, reason, keyId }: AccessRefused): Line {
  const fields = { event: "access_refused", credential, reason, ...originOf(), key_id: keyId };
  return {
    level: "warn",
    module: "auth",
    fields,
    message: `A request was refused: ${credential} (${reason})`,
    sampledKind: `access_refused ${credential} ${reason}`,
  };
}

type SecurityEvent = Extract<
  AppEvent,
  {
    kind:
      | "sessions_ended"
      | "access_refused"
      | "signed_in"
      | "account_exported"
      | "account_deleted"
      | "service_key_changed"
      | "personal_token_changed";
  }
>;

/** The line for an event that an operator may have to explain later. */
function describeSecurityEvent(event: SecurityEvent): Line {
  switch (event.kind) {
    case "sessions_ended":
      return describeSessionsEnded(event);
    case "access_refused":
      return describeAccessRefused(event);
    case "signed_in": {
      const { userId, sessionId } = event;
      const fields = { event: "signed_in", user_id: userId, ...originOf(), session_id: sessionId };
      return { module: "auth", fields, message: `User ${userId}: signed in` };
    }
    case "service_key_changed": {
      const { kind, change, userId, keyId } = event;
      const fields = { event: kind, change, user_id: userId, ...originOf(), key_id: keyId };
      return { module: "auth", fields, message: `User ${userId}: service key ${keyId} ${change}` };
    }
    case "personal_token_changed": {
      const { kind, change, userId, tokenId } = event;
      const fields = { event: kind, change, user_id: userId, ...originOf(), key_id: tokenId };
      return { module: "auth", fields, message: `User ${userId}: personal token ${tokenId} ${change}` };
    }
    case "account_exported":
    case "account_deleted": {
      const { kind, userId } = event;
      const fields = { event: kind, user_id: userId, ...originOf() };
      return { module: "account", fields, message: `User ${userId}: ${kind.replace("_", " ")}` };
    }
  }
}

type UpkeepEvent = Extract<AppEvent, { kind: "lines_suppressed" | "loop_failed" }>;

function describeUpkeep(event: UpkeepEvent): Line {
  if (event.kind === "lines_suppressed") {
    const { subject, address, count } = event;
    const fields = { event: "lines_suppressed", subject, address, count };
    return { module: "log", fields, message: `${count} further lines were left out: ${subject}` };
  }
  const { loop, reason } = event;
  const fields = { event: "loop_failed", loop, reason };
  return { level: "error", module: "loops", fields, message: `The ${loop} loop failed (${reason}); it will run again` };
}

function describeChange(event: AppEvent & { kind: "dialog_changed" | "assistant_changed" }): Line {
  const { kind, change, userId } = event;
  if (kind === "dialog_changed") {
    const { dialogId } = event;
    const fields = { event: `dialog_${change}`, user_id: userId, dialog_id: dialogId };
    return { module: "dialogs", fields, message: `User ${userId} ${change} dialog ${dialogId}` };
  }
  const { assistantId, slug } = event;
  const fields = { event: `assistant_${change}`, user_id: userId, assistant_id: assistantId, slug };
  return { module: "assistants", fields, message: `User ${userId} ${change} assistant ${slug}` };
}

type WebhookEvent = Extract<AppEvent, { kind: "webhook_changed" | "webhook_disabled" }>;

function describeWebhookEvent(event: WebhookEvent): Line {
  const { kind, webhookId } = event;
  if (kind === "webhook_changed") {
    const fields = { event: kind, webhook_id: webhookId, change: event.change, ...originOf() };
    return { module: "webhooks", fields, message: `Webhook ${webhookId} was ${event.change}` };
  }
  const { assistantId, reason } = event;
  const fields = { event: kind, webhook_id: webhookId, assistant_id: assistantId, reason };
  return { level: "warn", module: "webhooks", fields, message: `Webhook ${webhookId} is disabled: ${reason}` };
}

/** The line for an event; undefined for those that are too frequent to log, or have one elsewhere. */
function describe(event: AppEvent): Line | undefined {
  switch (event.kind) {
    case "run_transition":
      return describeTransition(event);
    case "deltas_stored":
    case "key_used":
    case "request_refused":
    case "webhook_attempted":
    case "workers_changed":
      return undefined;
    case "dialog_changed":
    case "assistant_changed":
      return describeChange(event);
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
    case "sessions_ended":
    case "access_refused":
    case "signed_in":
    case "account_exported":
    case "account_deleted":
    case "service_key_changed":
    case "personal_token_changed":
      return describeSecurityEvent(event);
    case "lines_suppressed":
    case "loop_failed":
      return describeUpkeep(event);
    case "webhook_changed":
    case "webhook_disabled":
      return describeWebhookEvent(event);
  }
}

/** Writes one line for each event that is worth one; refusals only as far as the sampler admits them. */
export function createEventLogger(log: Log, refusals: Pick<Sampler, "admit">): (event: AppEvent) => void {
  return (event) => {
    const line = describe(event);
    if (line === undefined) return;
    const { level = "info", module, fields, message, sampledKind } = line;
    if (sampledKind !== undefined && !refusals.admit(sampledKind, requestScope.getStore()?.address)) return;
    log[level]({ module, ...fields }, message);
  };
}
