import { accessErrors, ratePolicies } from "@deepbot/api/server";
import { statusOf, statusTitles, type ErrorCode } from "@deepbot/contract";
import type { Operation } from "../transports/operations.ts";
import type { Json } from "./convert-schemas.ts";
import { problemSchemaFor } from "./problem-schemas.ts";
import { rateLimitHeaders, retryHeaders } from "./response-headers.ts";

/** Errors that a request may meet before or beside its procedure. */
function transportErrors({ inputInQuery, takesInput }: Operation): readonly ErrorCode[] {
  const always: ErrorCode[] = [
    "target_malformed",
    "host_malformed",
    "query_malformed",
    "credentials_mixed",
    "authorization_malformed",
    // Of foreign pages: writes, and reads with the cookie.
    "origin_refused",
    "too_many_requests",
    "internal",
    "database_unavailable",
    "database_overloaded",
  ];
  const forInput: ErrorCode[] = takesInput ? ["invalid_input"] : [];
  const forBody: ErrorCode[] = inputInQuery
    ? []
    : ["json_invalid", "body_malformed", "payload_too_large", "unsupported_media_type", "content_encoding_refused"];
  return [...always, ...forInput, ...forBody];
}

/** Codes that an operation may be refused with, on its own account or before it is reached. */
export function errorCodesOf(operation: Operation): readonly ErrorCode[] {
  const { access = "public", errors = [] } = operation.procedure.meta;
  return [...errors, ...accessErrors[access], ...transportErrors(operation)];
}

/** Which quota an operation uses, for people. */
function describeQuota({ procedure }: Operation): string {
  const { rateLimit = "public" } = procedure.meta;
  return `; the operation uses the quota \`${rateLimit}\` of its ${ratePolicies[rateLimit].by}`;
}

function headersOf(status: number): Json {
  return { ...(status < 500 ? rateLimitHeaders : {}), ...retryHeaders[status] };
}

function problemResponse(status: number, codes: readonly ErrorCode[], operation: Operation): Json {
  const names = codes.map((code) => `\`${code}\``).join(", ");
  const retry = retryHeaders[status] === undefined ? "" : "; `Retry-After` says when to try again";
  const quota = status === 429 ? describeQuota(operation) : "";
  return {
    description: `${statusTitles[status] ?? "Error"}: ${names}${retry}${quota}`,
    headers: headersOf(status),
    content: { "application/problem+json": { schema: problemSchemaFor(codes) } },
  };
}

/** What may happen to a request on its way to any operation, in a server or in a proxy in front of it. */
const otherResponse = {
  description: "Any other error, of this server or of one in front of it",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

/** The error responses of an operation, by rising status. */
export function errorResponses(operation: Operation): Json {
  const codes = [...new Set(errorCodesOf(operation))];
  const statuses = [...new Set(codes.map(statusOf))].toSorted((a, b) => a - b);
  const codesOf = (status: number): ErrorCode[] => codes.filter((code) => statusOf(code) === status).toSorted();
  return {
    ...Object.fromEntries(
      statuses.map((status) => [String(status), problemResponse(status, codesOf(status), operation)]),
    ),
    default: otherResponse,
  };
}
