import { TRPCError } from "@trpc/server";
import { isDatabaseOutage } from "@deepbot/db";
import { ZodError } from "zod";
import { DomainError, type ErrorDetails } from "./domain/errors.ts";
import type { Locale } from "./domain/locale.ts";
import { edgeCodes, errorMap, type EdgeCode, type ErrorCode } from "./error-map.ts";
import { errorText } from "./error-texts.ts";
import { describeIssues, summarizeFaults, type InputFault, type Locate } from "./issue-texts.ts";

/** Raised by the HTTP edges for what never reaches a procedure. */
export class EdgeError extends Error {
  readonly code: EdgeCode;
  readonly details: ErrorDetails;

  constructor(code: EdgeCode, details: ErrorDetails = {}) {
    super(code);
    this.name = "EdgeError";
    this.code = code;
    this.details = details;
  }
}

/**
 * An error body of the REST door, `application/problem+json`; the tRPC door carries the same facts.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  /** A sentence that a person may read, in the language of `Accept-Language`. */
  detail: string;
  code: ErrorCode;
  request_id: string;
  errors?: InputFault[];
  [detail: string]: unknown;
}

export interface ProblemOptions {
  locale: Locale;
  requestId: string;
  /** Without it everything is in the body. */
  locate?: Locate;
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** tRPC's own refusals, by the code it gives them. Anything else of its own is one of ours gone wrong. */
const trpcRefusals: Readonly<Partial<Record<TRPCError["code"], EdgeCode>>> = {
  PARSE_ERROR: "json_invalid",
  BAD_REQUEST: "bad_request",
  NOT_FOUND: "not_found",
  METHOD_NOT_SUPPORTED: "method_not_allowed",
  PAYLOAD_TOO_LARGE: "payload_too_large",
  UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
  CLIENT_CLOSED_REQUEST: "request_failed",
};

interface Reason {
  code: ErrorCode;
  details: ErrorDetails;
  issues: ZodError["issues"] | null;
}

function isEdgeCode(code: string): code is EdgeCode {
  return edgeCodes.some((known) => known === code);
}

/** The faults of an input that tRPC refused; its verdict on an output is a fault of ours. */
function inputIssuesOf(error: TRPCError): ZodError["issues"] | null {
  const { code, cause } = error;
  return code !== "INTERNAL_SERVER_ERROR" && cause instanceof ZodError ? cause.issues : null;
}

function findReason(error: unknown): Reason {
  if (error instanceof DomainError || error instanceof EdgeError) {
    return { code: error.code, details: error.details, issues: null };
  }
  if (error instanceof TRPCError) {
    const issues = inputIssuesOf(error);
    if (issues !== null) return { code: "invalid_input", details: {}, issues };
    if (error.cause !== undefined && error.cause !== error) {
      const reason = findReason(error.cause);
      if (reason.code !== "internal") return reason;
    }
    const refusal = trpcRefusals[error.code];
    if (refusal !== undefined && isEdgeCode(refusal)) return { code: refusal, details: {}, issues: null };
  }
  if (isDatabaseOutage(error)) return { code: "database_unavailable", details: {}, issues: null };
  return { code: "internal", details: {}, issues: null };
}

/** The code under which an error is told to a client. `internal` hides whatever it was. */
export function errorCodeOf(error: unknown): ErrorCode {
  return findReason(error).code;
}

/** The error body for whatever was thrown. Never shows the message of an unexpected error. */
export function toProblem(error: unknown, { locale, requestId, locate }: ProblemOptions): Problem {
  const { code, details, issues } = findReason(error);
  const { status } = errorMap[code];
  const faults = issues === null ? null : describeIssues(issues, locale, locate ?? ((keys) => ["body", ...keys]));
  return {
    type: "about:blank",
    title: titles[status] ?? "Error",
    status,
    detail: faults === null ? errorText(code, locale, details) : summarizeFaults(faults),
    code,
    request_id: requestId,
    ...details,
    ...(faults === null ? {} : { errors: faults }),
  };
}
