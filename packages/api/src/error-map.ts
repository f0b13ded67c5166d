import type { TRPC_ERROR_CODE_KEY } from "@trpc/server";
import type { DomainCode } from "./domain/errors.ts";

/** What the HTTP edge refuses before a procedure is reached, and what is nobody's business but ours. */
export const edgeCodes = [
  "bad_request",
  "json_invalid",
  "origin_refused",
  "not_found",
  "method_not_allowed",
  "payload_too_large",
  "uri_too_long",
  "unsupported_media_type",
  "misdirected_request",
  "request_failed",
  "internal",
] as const;
export type EdgeCode = (typeof edgeCodes)[number];

/** Every `code` of an error body, on both doors. */
export type ErrorCode = DomainCode | EdgeCode;

interface Mapping {
  trpc: TRPC_ERROR_CODE_KEY;
  status: number;
}

/** The one place where an error code meets a status. */
export const errorMap: Readonly<Record<ErrorCode, Mapping>> = {
  unauthenticated: { trpc: "UNAUTHORIZED", status: 401 },
  session_invalid: { trpc: "UNAUTHORIZED", status: 401 },
  session_not_found: { trpc: "NOT_FOUND", status: 404 },
  account_not_found: { trpc: "NOT_FOUND", status: 404 },
  too_many_exports: { trpc: "SERVICE_UNAVAILABLE", status: 503 },
  google_token_missing: { trpc: "BAD_REQUEST", status: 400 },
  google_token_invalid: { trpc: "UNAUTHORIZED", status: 401 },
  google_unavailable: { trpc: "SERVICE_UNAVAILABLE", status: 503 },
  key_refused: { trpc: "FORBIDDEN", status: 403 },
  invalid_input: { trpc: "UNPROCESSABLE_CONTENT", status: 422 },
  dialog_limit: { trpc: "FORBIDDEN", status: 403 },
  dialog_not_found: { trpc: "NOT_FOUND", status: 404 },
  dialog_deleted: { trpc: "NOT_FOUND", status: 410 },
  run_not_found: { trpc: "NOT_FOUND", status: 404 },
  answer_awaited: { trpc: "CONFLICT", status: 409 },
  client_message_id_reused: { trpc: "UNPROCESSABLE_CONTENT", status: 422 },
  answer_deadline: { trpc: "GATEWAY_TIMEOUT", status: 504 },
  answer_failed: { trpc: "BAD_GATEWAY", status: 502 },
  run_cancelled: { trpc: "CONFLICT", status: 409 },
  run_ended: { trpc: "CONFLICT", status: 409 },
  run_not_retryable: { trpc: "CONFLICT", status: 409 },
  answer_too_long: { trpc: "UNPROCESSABLE_CONTENT", status: 422 },
  delta_gap: { trpc: "CONFLICT", status: 409 },
  too_many_watches: { trpc: "SERVICE_UNAVAILABLE", status: 503 },
  lease_lost: { trpc: "CONFLICT", status: 409 },
  database_unavailable: { trpc: "SERVICE_UNAVAILABLE", status: 503 },
  shutting_down: { trpc: "SERVICE_UNAVAILABLE", status: 503 },
  bad_request: { trpc: "BAD_REQUEST", status: 400 },
  json_invalid: { trpc: "PARSE_ERROR", status: 400 },
  origin_refused: { trpc: "FORBIDDEN", status: 403 },
  not_found: { trpc: "NOT_FOUND", status: 404 },
  method_not_allowed: { trpc: "METHOD_NOT_SUPPORTED", status: 405 },
  payload_too_large: { trpc: "PAYLOAD_TOO_LARGE", status: 413 },
  uri_too_long: { trpc: "BAD_REQUEST", status: 414 },
  unsupported_media_type: { trpc: "UNSUPPORTED_MEDIA_TYPE", status: 415 },
  misdirected_request: { trpc: "BAD_REQUEST", status: 421 },
  request_failed: { trpc: "BAD_REQUEST", status: 400 },
  internal: { trpc: "INTERNAL_SERVER_ERROR", status: 500 },
};
