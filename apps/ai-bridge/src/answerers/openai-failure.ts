import { APIConnectionTimeoutError, APIError } from "openai";
import { AnswerFailure } from "./failure.ts";

/** What is known of a request when it fails. */
export interface Progress {
  /** A piece of the answer came. */
  begun: boolean;
  /** The wait for the next piece took too long. */
  timedOut: boolean;
}

/** The code of a failed connection, such as `ECONNREFUSED`, from wherever the layers below have put it. */
function networkCode(error: unknown): string {
  for (let layer = error; layer instanceof Error; layer = layer.cause) {
    if ("code" in layer && typeof layer.code === "string" && /^[A-Z_]{3,40}$/.test(layer.code)) return layer.code;
  }
  return error instanceof Error ? error.constructor.name : "closed early";
}

function statusFailure(status: number, code: unknown): AnswerFailure {
  const detail = `status ${status}`;
  if (code === "context_length_exceeded") return new AnswerFailure("dialog_too_long", detail);
  if (status === 429) return new AnswerFailure("model_rate_limited", detail);
  // 408 and 409 are the provider's way to say "later".
  if (status >= 500 || status === 408 || status === 409) return new AnswerFailure("model_unavailable", detail);
  return new AnswerFailure("model_refused", detail);
}

/**
 * Says in the bridge's own terms why the model gave no whole answer. The words of the error stay behind: they may hold
 * the question, the key, or what a provider tells its customers only.
 */
export function toFailure(error: unknown, { begun, timedOut }: Progress): AnswerFailure {
  const brokenOff = begun ? "model_cut" : "model_unavailable";
  if (timedOut || error instanceof APIConnectionTimeoutError) return new AnswerFailure(brokenOff, "timeout");
  if (error instanceof APIError && error.status !== undefined) return statusFailure(error.status, error.code);
  return new AnswerFailure(brokenOff, networkCode(error));
}
