import { APIConnectionTimeoutError, APIError } from "openai";
import { AnswererError } from "../answerer-error.ts";

/** How far a request had come when it failed. */
export interface Progress {
  /** A piece of the answer had arrived. */
  started: boolean;
  /** The next piece took too long. */
  timedOut: boolean;
}

/** The code of a failed connection, such as `ECONNREFUSED`. The library may wrap it in several errors. */
function networkCode(error: unknown): string {
  for (let layer = error; layer instanceof Error; layer = layer.cause) {
    if ("code" in layer && typeof layer.code === "string" && /^[A-Z_]{3,40}$/.test(layer.code)) return layer.code;
  }
  return error instanceof Error ? error.constructor.name : "closed early";
}

function statusFailure(status: number, code: unknown): AnswererError {
  const detail = `status ${status}`;
  if (code === "context_length_exceeded") return new AnswererError("dialog_too_long", detail);
  if (status === 429) return new AnswererError("model_rate_limited", detail);
  // Providers send 408 and 409 for failures that pass.
  if (status >= 500 || status === 408 || status === 409) return new AnswererError("model_unavailable", detail);
  return new AnswererError("model_refused", detail);
}

/** The failure that a stream reports by a code of its own, without a status. */
export function failureOfCode(code: unknown, { started }: Pick<Progress, "started">): AnswererError {
  const detail = typeof code === "string" && /^[a-z_]{1,40}$/.test(code) ? code : "failed";
  if (code === "context_length_exceeded") return new AnswererError("dialog_too_long", detail);
  if (code === "rate_limit_exceeded") return new AnswererError("model_rate_limited", detail);
  return new AnswererError(started ? "model_cut" : "model_unavailable", detail);
}

/**
 * Turns a failed request into an error of the bridge. The provider's own words are dropped: they may contain the question
 * or the key.
 */
export function toAnswererError(error: unknown, { started, timedOut }: Progress): AnswererError {
  const code = started ? "model_cut" : "model_unavailable";
  if (timedOut || error instanceof APIConnectionTimeoutError) return new AnswererError(code, "timeout");
  if (error instanceof APIError && error.status !== undefined) return statusFailure(error.status, error.code);
  if (error instanceof APIError && typeof error.code === "string") return failureOfCode(error.code, { started });
  return new AnswererError(code, networkCode(error));
}
