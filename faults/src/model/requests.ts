import type { Call } from "../support/http.ts";

/** One request, with the ids and tokens that it carries. */
export type Request =
  | { kind: "send"; dialogId: number; clientMessageId: string; text: string }
  | { kind: "claim"; max: number }
  | { kind: "heartbeat" | "release"; runId: number; token: string }
  | { kind: "append"; runId: number; token: string; seq: number; text: string }
  /** Null: what was appended. */
  | { kind: "complete"; runId: number; token: string; text: string | null }
  | { kind: "fail"; runId: number; token: string; retry: boolean; discard: boolean }
  | { kind: "get" | "cancel" | "retry"; runId: number }
  | { kind: "delete"; dialogId: number };

/** Longer than a run of the model, so that time passes for a run only when the harness moves it. */
export const longMs = 600_000;
/** The longest time of a run in all. */
export const longestMs = 6 * longMs;

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
      return {
        path: "/worker/claim",
        asWorker: true,
        body: { worker: "model", max: request.max, wait_ms: 0, lease_ms: longMs },
      };
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
