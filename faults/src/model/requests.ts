import type { Call } from "../support/http.ts";
import type { Assistant } from "./model.ts";

interface Claim {
  kind: "claim";
  max: number;
  isFallback: boolean;
  /** Whether the lease is short until the first report. */
  confirms: boolean;
}

/** One request, with the ids and tokens that it carries. */
export type Request =
  | { kind: "send"; dialogId: number; clientMessageId: string; text: string }
  | Claim
  | { kind: "heartbeat" | "release"; runId: number; token: string }
  | { kind: "append"; runId: number; token: string; seq: number; text: string }
  /** Null: what was appended. */
  | { kind: "complete"; runId: number; token: string; text: string | null }
  | { kind: "fail"; runId: number; token: string; retry: boolean; discard: boolean }
  | { kind: "get" | "cancel" | "retry"; runId: number }
  | { kind: "delete"; dialogId: number };

/** Longer than a run of the model, so that time passes for a run only when the harness moves it. */
export const longMs = 600_000;
/** Of a lease until its first report. Appends extend a confirmed lease only when less than half of it is left. */
export const confirmMs = longMs * 0.75;
/** The longest time of a run in all. */
export const longestMs = 6 * longMs;

export const slugs: Readonly<Record<Assistant, string>> = {
  served: "deepbot",
  unserved: "unserved",
  offline: "offline",
};

/** Only fallback workers ask for the assistant that no other worker may seem to serve. */
function claimCall({ max, isFallback, confirms }: Claim): Call {
  const habits = isFallback
    ? { worker: "model-fallback", fallback: true, assistants: [slugs.served, slugs.unserved] }
    : { worker: "model", assistants: [slugs.served] };
  const confirm = confirms ? { confirm_within_ms: confirmMs } : {};
  return {
    path: "/worker/claim",
    asWorker: true,
    body: { ...habits, ...confirm, max, wait_ms: 0, lease_ms: longMs },
  };
}

function reportCall({ runId, kind, ...fields }: { runId: number; kind: string; token: string; body?: object }): Call {
  const body = { lease_token: fields.token, ...fields.body };
  return { path: `/worker/runs/${runId}/${kind}`, asWorker: true, body };
}

export function callOf(request: Request, cookie: string): Call {
  switch (request.kind) {
    case "send":
      return {
        path: `/dialogs/${request.dialogId}/runs`,
        body: { text_user: request.text, client_message_id: request.clientMessageId },
        cookie,
      };
    case "claim":
      return claimCall(request);
    case "heartbeat":
      return reportCall({ ...request, body: { lease_ms: longMs } });
    case "release":
      return reportCall(request);
    case "append":
      return reportCall({ ...request, body: { seq: request.seq, text: request.text, lease_ms: longMs } });
    case "complete":
      return reportCall({ ...request, body: request.text === null ? {} : { text: request.text } });
    case "fail": {
      const { retry, discard } = request;
      return reportCall({ ...request, body: { code: "gave_up", message: "It gave up.", retry, discard } });
    }
    case "get":
      return { method: "GET", path: `/runs/${request.runId}`, cookie };
    case "cancel":
    case "retry":
      return { path: `/runs/${request.runId}/${request.kind}`, cookie };
    case "delete":
      return { path: "/dialogs/delete", body: { dialog_id: request.dialogId }, cookie };
  }
}
