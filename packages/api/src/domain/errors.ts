/** Everything that can go wrong by the rules of the platform. One table in `error-map.ts` gives each its status. */
export const domainCodes = [
  "unauthenticated",
  "session_invalid",
  "session_not_found",
  "account_not_found",
  "too_many_exports",
  "google_token_missing",
  "google_token_invalid",
  "google_unavailable",
  "key_refused",
  "invalid_input",
  "dialog_limit",
  "dialog_not_found",
  "dialog_deleted",
  "run_not_found",
  "answer_awaited",
  "client_message_id_reused",
  "answer_deadline",
  "answer_failed",
  "run_cancelled",
  "run_ended",
  "run_not_retryable",
  "lease_lost",
  "delta_gap",
  "answer_too_long",
  "too_many_watches",
  "database_unavailable",
  "shutting_down",
] as const;

export type DomainCode = (typeof domainCodes)[number];

/** Facts that an error carries to the client beside its code: ids and limits, never texts of a person. */
export type ErrorDetails = Readonly<Record<string, string | number>>;

/** A refusal that the caller is meant to see. Anything else that is thrown is a fault of ours and stays hidden. */
export class DomainError extends Error {
  readonly code: DomainCode;
  readonly details: ErrorDetails;

  constructor(code: DomainCode, details: ErrorDetails = {}) {
    super(code);
    this.name = "DomainError";
    this.code = code;
    this.details = details;
  }
}
