import {
  describeIssues,
  errorMessage,
  problemTypeOf,
  statusOf,
  statusTitles,
  summarizeIssues,
  type ErrorCode,
  type ErrorDetails,
  type Locale,
  type Locate,
  type Problem,
} from "@deepbot/contract";
import { isDatabaseOutage, isPoolOverloaded } from "@deepbot/db";
import { TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { AppError } from "./app-error.ts";

export interface ProblemOptions {
  locale: Locale;
  requestId: string;
  /** Without it every key is taken to be in the body. */
  locate?: Locate;
}

/** tRPC's own refusals, by the code it gives them. Anything else that tRPC raises is a bug of ours. */
const trpcRefusals: Readonly<Partial<Record<TRPCError["code"], ErrorCode>>> = {
  PARSE_ERROR: "json_invalid",
  BAD_REQUEST: "bad_request",
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

/** The issues of an input that tRPC refused. An output that does not fit its schema is a bug of ours. */
function inputIssuesOf(error: TRPCError): ZodError["issues"] | null {
  const { code, cause } = error;
  return code !== "INTERNAL_SERVER_ERROR" && cause instanceof ZodError ? cause.issues : null;
}

function findReason(error: unknown): Reason {
  if (error instanceof AppError) return { code: error.code, details: error.details, issues: null };
  if (error instanceof TRPCError) {
    const issues = inputIssuesOf(error);
    if (issues !== null) return { code: "invalid_input", details: {}, issues };
    if (error.cause !== undefined && error.cause !== error) {
      const reason = findReason(error.cause);
      if (reason.code !== "internal") return reason;
    }
    const refusal = trpcRefusals[error.code];
    if (refusal !== undefined) return { code: refusal, details: {}, issues: null };
  }
  if (isPoolOverloaded(error)) return { code: "database_overloaded", details: {}, issues: null };
  if (isDatabaseOutage(error)) return { code: "database_unavailable", details: {}, issues: null };
  return { code: "internal", details: {}, issues: null };
}

/** The code under which a client is told of an error. `internal` hides whatever it was. */
export function errorCodeOf(error: unknown): ErrorCode {
  return findReason(error).code;
}

/** The error body for whatever was thrown. Never shows the message of an unexpected error. */
export function toProblem(error: unknown, { locale, requestId, locate }: ProblemOptions): Problem {
  const { code, details, issues } = findReason(error);
  const status = statusOf(code);
  const found = issues === null ? null : describeIssues(issues, locale, locate ?? ((keys) => ["body", ...keys]));
  return {
    type: problemTypeOf(code),
    title: statusTitles[status] ?? "Error",
    status,
    detail: found === null ? errorMessage(code, locale, details) : summarizeIssues(found),
    code,
    request_id: requestId,
    ...details,
    ...(found === null ? {} : { errors: found }),
  };
}
