import type { ErrorCode, ErrorDetails } from "@deepbot/contract";

/**
 * A refusal that the caller is meant to see, raised by use cases and transports. Anything else that is thrown is a bug or
 * an outage, and its message never leaves the server.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(code);
    this.name = "AppError";
    this.code = code;
    this.details = details;
  }
}
